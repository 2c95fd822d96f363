import type { Usage } from '../../core/usage.ts'
import { asCount, asObject } from '../shared/json.ts'

const counters = [
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'thinking_tokens',
] as const

/** Anthropic's counts as far as they have been stated. */
export type MessagesUsage = Readonly<Partial<Record<(typeof counters)[number], number>>>

/** Lays what a `usage` object states over what was stated before: in a stream the last value counts. */
export function mergeUsage(before: MessagesUsage, value: unknown): MessagesUsage {
  const usage = asObject(value)
  if (usage === null) return before
  const stated = { ...usage, ...asObject(usage['output_tokens_details']) }
  const merged: Partial<Record<(typeof counters)[number], number>> = { ...before }
  for (const name of counters) {
    const count = asCount(stated[name])
    if (count !== null) merged[name] = count
  }
  return merged
}

/** Tokens in OpenAI's meaning (providers' facts §6.5); null where nothing was counted. */
export function mapUsage(usage: MessagesUsage): Usage | null {
  const { input_tokens: input, output_tokens: output } = usage
  if (input === undefined && output === undefined) return null
  const cachedInput = usage.cache_read_input_tokens ?? 0
  const cacheWrite = usage.cache_creation_input_tokens ?? 0
  return {
    input: (input ?? 0) + cachedInput + cacheWrite,
    output: output ?? 0,
    cachedInput,
    cacheWrite,
    reasoning: usage.thinking_tokens ?? 0,
  }
}
