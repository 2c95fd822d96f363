import type { ChatRequest } from '../../core/openai.ts'
import { invalid } from './refusals.ts'

/**
 * A parameter that is a number; null where it is not given. Throws 400 `invalid_request` for anything else, and for
 * what is beyond all numbers (`1e999` is valid JSON, and would be printed as null).
 */
export function readNumber(body: ChatRequest, name: string): number | null {
  const value = body[name]
  if (value === undefined || value === null) return null
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw invalid(name, `\`${name}\` must be a number.`)
  }
  return value
}
