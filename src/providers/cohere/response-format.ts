import type { ChatRequest } from '../../core/openai.ts'
import { asObject, type JsonObject } from '../shared/json.ts'
import { invalid, unsupported } from '../shared/refusals.ts'

export interface JsonMode {
  readonly type: 'json_object'
  readonly json_schema?: JsonObject
}

export interface BesideJson {
  /** The request has tools that may be called. */
  readonly tools: boolean
  readonly documents: boolean
}

/**
 * `response_format` in Cohere's form (providers' facts §10.2), where the schema stands by itself; null for text.
 * Throws 400: `unsupported_parameter` beside tools or documents, which Cohere refuses, `invalid_request` for an
 * unknown type.
 */
export function responseFormat(
  { response_format: format }: ChatRequest,
  beside: BesideJson,
): JsonMode | null {
  if (format === undefined || format === null || format.type === 'text') return null
  if (format.type !== 'json_object' && format.type !== 'json_schema') {
    throw invalid('response_format', '`response_format.type` is none of the types there are.')
  }
  if (beside.tools || beside.documents) {
    const what = beside.tools ? '`tools`' : 'documents'
    throw unsupported('response_format', `Cohere does not support \`response_format\` beside ${what}.`)
  }
  const schema = format.type === 'json_schema' ? asObject(format.json_schema?.schema) : null
  return schema === null ? { type: 'json_object' } : { type: 'json_object', json_schema: schema }
}
