import type { FunctionTool } from '../../core/openai.ts'
import { asObject, asText, type JsonObject } from '../shared/json.ts'
import { unsupported } from '../shared/refusals.ts'
import type { ToolMode, ToolSettings } from '../shared/tools.ts'
import type { GeminiCapabilities } from './models.ts'
import { openApiSchema } from './openapi-schema.ts'
import type { FunctionCallingConfig, FunctionDeclaration, GenerateContentBody } from './types.ts'

export type ConvertedTools = Pick<GenerateContentBody, 'tools' | 'toolConfig'>

/**
 * Tools and `tool_choice` in Google's form (providers' facts §8.2).
 * Throws 400 `unsupported_parameter` for a model that knows no tools.
 */
export function convertTools(
  { tools, mode }: ToolSettings,
  capabilities: GeminiCapabilities,
): ConvertedTools {
  if (tools.length === 0 || (mode.kind === 'none' && !capabilities.tools)) return {}
  if (!capabilities.tools) throw unsupported('tools', 'This model takes no tools.')
  const functionDeclarations = tools.map((tool) => declaration(tool, capabilities))
  const config = callingConfig(mode)
  return {
    tools: [{ functionDeclarations }],
    ...(config === null ? {} : { toolConfig: { functionCallingConfig: config } }),
  }
}

function declaration(
  { function: { name, description, parameters } }: FunctionTool,
  capabilities: GeminiCapabilities,
): FunctionDeclaration {
  const said = asText(description) === null ? { name } : { name, description: description as string }
  const source = asObject(parameters)
  if (source === null || isEmptyObject(source)) return said
  const { schema, isJsonSchema } = chooseSchema(source, capabilities)
  return isJsonSchema ? { ...said, parametersJsonSchema: schema } : { ...said, parameters: schema }
}

/** Which of Google's two schema forms a schema is sent in, and the schema in it. */
export function chooseSchema(
  source: JsonObject,
  { schemas }: GeminiCapabilities,
): { schema: JsonObject; isJsonSchema: boolean } {
  const { schema, expressible } = openApiSchema(source)
  if (schemas === 'openapi' || (schemas !== 'json' && expressible)) return { schema, isJsonSchema: false }
  const { $schema: _dialect, ...json } = source
  return { schema: json, isJsonSchema: true }
}

/** A function without parameters has none: an empty object is refused. */
function isEmptyObject(schema: JsonObject): boolean {
  const members = Object.keys(asObject(schema['properties']) ?? {})
  const says = ['anyOf', 'oneOf', 'allOf', '$ref', 'patternProperties'].some((key) => key in schema)
  return members.length === 0 && !says && asObject(schema['additionalProperties']) === null
}

function callingConfig(mode: ToolMode): FunctionCallingConfig | null {
  switch (mode.kind) {
    case 'auto':
      return null
    case 'none':
      return { mode: 'NONE' }
    case 'required':
      return { mode: 'ANY' }
    case 'named':
      return { mode: 'ANY', allowedFunctionNames: [mode.name] }
  }
}
