import type { ChatRequest } from '../../core/openai.ts'
import { asObject } from '../shared/json.ts'
import { unsupported } from '../shared/refusals.ts'
import { chooseSchema } from './convert-tools.ts'
import type { GeminiCapabilities } from './models.ts'
import type { GenerationConfig } from './types.ts'

type Format = Pick<GenerationConfig, 'responseMimeType' | 'responseSchema' | 'responseJsonSchema'>

/**
 * `response_format` (providers' facts §8.2). Throws 400 `unsupported_parameter` for a model without a JSON mode, and
 * where it cannot be had beside tools.
 */
export function responseFormat(
  body: ChatRequest,
  capabilities: GeminiCapabilities,
  hasTools: boolean,
): Format {
  const format = asObject(body.response_format)
  const type = format?.['type'] ?? 'text'
  if (type === 'text') return {}
  if (type !== 'json_object' && type !== 'json_schema') {
    throw unsupported('response_format', '`response_format.type` must be text, json_object or json_schema.')
  }
  if (!capabilities.json_mode) throw unsupported('response_format', 'This model has no JSON mode.')
  if (hasTools && !capabilities.json_with_tools) {
    throw unsupported('response_format', 'This model takes no `response_format` beside `tools`.')
  }
  const responseMimeType = 'application/json'
  const source = type === 'json_schema' ? asObject(asObject(format?.['json_schema'])?.['schema']) : null
  if (source === null) return { responseMimeType }
  const { schema, isJsonSchema } = chooseSchema(source, capabilities)
  return isJsonSchema
    ? { responseMimeType, responseJsonSchema: schema }
    : { responseMimeType, responseSchema: ordered(schema) }
}

/** Answers keep the order in which the client wrote the properties; by itself Google's is alphabetical. */
function ordered(schema: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(schema).map(([key, value]) => {
    if (key === 'items') return [key, orderedValue(value)]
    if (key === 'anyOf' && Array.isArray(value)) return [key, value.map(orderedValue)]
    if (key !== 'properties') return [key, value]
    return [key, Object.fromEntries(members(value).map(([name, one]) => [name, orderedValue(one)]))]
  })
  const names = members(schema['properties']).map(([name]) => name)
  const propertyOrdering = names.length > 1 ? { propertyOrdering: names } : {}
  return { ...(Object.fromEntries(entries) as Record<string, unknown>), ...propertyOrdering }
}

function orderedValue(value: unknown): unknown {
  const schema = asObject(value)
  return schema === null ? value : ordered(schema)
}

function members(value: unknown): [string, unknown][] {
  return Object.entries(asObject(value) ?? {})
}
