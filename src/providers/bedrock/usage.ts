import type { Usage } from '../../core/usage.ts'
import { asCount, asObject } from '../shared/json.ts'

/** Converse's `usage` in OpenAI's meaning: `inputTokens` leaves cached tokens out. null: it was not stated. */
export function readUsage(value: unknown): Usage | null {
  const usage = asObject(value)
  const input = asCount(usage?.['inputTokens'])
  const output = asCount(usage?.['outputTokens'])
  if (input === null && output === null) return null
  const cachedInput = asCount(usage?.['cacheReadInputTokens']) ?? 0
  const cacheWrite = asCount(usage?.['cacheWriteInputTokens']) ?? 0
  return {
    input: (input ?? 0) + cachedInput + cacheWrite,
    output: output ?? 0,
    cachedInput,
    cacheWrite,
    reasoning: 0,
  }
}
