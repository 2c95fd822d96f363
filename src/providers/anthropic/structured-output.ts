import type { ChatRequest } from '../../core/openai.ts'
import { jsonInstruction } from '../shared/json-fence.ts'
import { asObject, asText, type JsonObject } from '../shared/json.ts'
import { invalid, unsupported } from '../shared/refusals.ts'
import { strictSchema } from '../shared/strict-schema.ts'
import { readTools, type ToolSettings } from '../shared/tools.ts'
import type { ClaudeCapabilities } from './models.ts'
import type { MessagesTool } from './types.ts'

/**
 * How `response_format` is honoured: `native` by the API's own format, `tool` by a tool whose input is the answer,
 * `instruction` by words, a code fence being taken away from the answer.
 */
export type OutputPlan =
  | { readonly kind: 'text' }
  | { readonly kind: 'native'; readonly schema: JsonObject }
  | { readonly kind: 'tool'; readonly tool: MessagesTool }
  | { readonly kind: 'instruction' }

/**
 * The same for the same body and model, so that reading the answer knows what the request asked for.
 * Throws 400 `unsupported_parameter` or `invalid_request` for a format that is none of OpenAI's.
 */
export function planOutput(body: ChatRequest, capabilities: ClaudeCapabilities): OutputPlan {
  const format = asObject(body.response_format)
  const type = format?.['type'] ?? 'text'
  if (type === 'text') return { kind: 'text' }
  if (type === 'json_object') return { kind: 'instruction' }
  if (type !== 'json_schema') {
    throw unsupported('response_format', '`response_format.type` must be text, json_object or json_schema.')
  }
  const named = asObject(format?.['json_schema'])
  const schema = asObject(named?.['schema'])
  if (schema === null) return { kind: 'instruction' }
  if (schema['type'] !== undefined && schema['type'] !== 'object') {
    throw invalid('response_format', '`response_format.json_schema.schema` must be of the type `object`.')
  }
  const strict = strictSchema({ ...schema, type: 'object' })
  if (capabilities.json_schema && strict.expressible) return { kind: 'native', schema: strict.schema }
  const settings = readTools(body)
  // The client insists on one of its own tools: this turn is no answer yet.
  if (settings.mode.kind === 'required' || settings.mode.kind === 'named') return { kind: 'text' }
  return { kind: 'tool', tool: answerTool(schema, asText(named?.['description']), settings) }
}

/** What the system message says besides. */
export function outputInstruction(plan: OutputPlan): string | null {
  if (plan.kind === 'instruction') return jsonInstruction
  return plan.kind === 'tool' ? `Give your answer by calling the tool \`${plan.tool.name}\`.` : null
}

function answerTool(schema: JsonObject, description: string | null, { tools }: ToolSettings): MessagesTool {
  let name = 'json'
  while (tools.some((tool) => tool.function.name === name)) name += '_'
  return {
    name,
    description: description ?? 'Takes your final answer.',
    input_schema: { ...schema, type: 'object' },
  }
}
