import type { ChatRequest } from '../../core/openai.ts'
import { invalid } from './refusals.ts'

/** `max_completion_tokens`, else the older `max_tokens`; null where neither is given. Throws 400 `invalid_request`. */
export function readTokenLimit(body: ChatRequest): number | null {
  const name = isGiven(body.max_completion_tokens) ? 'max_completion_tokens' : 'max_tokens'
  const value = body[name]
  if (!isGiven(value)) return null
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw invalid(name, `\`${name}\` must be a positive integer.`)
  }
  return value
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}
