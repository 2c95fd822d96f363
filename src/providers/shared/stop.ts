import type { ChatRequest } from '../../core/openai.ts'
import { invalid } from './refusals.ts'

/** `stop` as a list; a string is one, null none, empty strings are left out. Throws 400 `invalid_request`. */
export function readStop(body: ChatRequest): string[] {
  const { stop } = body
  if (stop === undefined || stop === null) return []
  const list: unknown[] = Array.isArray(stop) ? stop : [stop]
  const isText = (value: unknown): value is string => typeof value === 'string'
  if (!list.every(isText)) throw invalid('stop', '`stop` must be a string or an array of strings.')
  return list.filter((value) => value !== '')
}
