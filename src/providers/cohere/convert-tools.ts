import type { FunctionTool } from '../../core/openai.ts'
import { asObject, asText } from '../shared/json.ts'
import { unsupported } from '../shared/refusals.ts'
import type { ToolSettings } from '../shared/tools.ts'
import type { CohereCapabilities } from './models.ts'

export interface ToolsPlan {
  readonly fields: {
    readonly tools?: readonly object[]
    readonly tool_choice?: 'REQUIRED' | 'NONE'
    readonly strict_tools?: true
  }
  readonly dropped: readonly string[]
}

/**
 * Tools and their choice (providers' facts §10.2): the empty list is left out, a named tool stays alone and is
 * required, `strict` is one switch for all. Cohere takes that only where every tool has a required parameter; where
 * one has none it is dropped and named. Throws 400 `unsupported_parameter` where the model cannot be made to call.
 */
export function convertTools(
  { tools, mode, parallel }: ToolSettings,
  capabilities: CohereCapabilities,
): ToolsPlan {
  // A model without `tool_choice` is kept from calling by having nothing to call.
  if (tools.length === 0 || (mode.kind === 'none' && !capabilities.tool_choice)) {
    return { fields: {}, dropped: [] }
  }
  const isForced = mode.kind === 'named' || mode.kind === 'required'
  if (isForced && !capabilities.tool_choice) {
    throw unsupported('tool_choice', 'This model cannot be made to call a tool.')
  }
  const offered = mode.kind === 'named' ? tools.filter((tool) => tool.function.name === mode.name) : tools
  const isStrict = offered.some((tool) => tool.function.strict === true)
  const canBeStrict = offered.every(hasRequired)
  const dropped = isStrict && !canBeStrict ? ['tools.function.strict'] : []
  return {
    fields: {
      tools: offered.map(convertTool),
      ...(isForced ? { tool_choice: 'REQUIRED' } : {}),
      ...(mode.kind === 'none' ? { tool_choice: 'NONE' } : {}),
      ...(isStrict && canBeStrict ? { strict_tools: true } : {}),
    },
    dropped: parallel ? dropped : [...dropped, 'parallel_tool_calls'],
  }
}

/** Only what Cohere knows: any other member is refused. */
function convertTool({ function: { name, description, parameters } }: FunctionTool): object {
  const described = asText(description) === null ? {} : { description }
  const schema = asObject(parameters) ?? { type: 'object', properties: {} }
  return { type: 'function', function: { name, ...described, parameters: schema } }
}

function hasRequired({ function: { parameters } }: FunctionTool): boolean {
  const required = asObject(parameters)?.['required']
  return Array.isArray(required) && required.length > 0
}
