import type { Usage } from '../../core/usage.ts'
import { asCount, asObject, type JsonObject } from '../shared/json.ts'

/**
 * Tokens in OpenAI's meaning, from OpenAI's `usage` and its variants: DeepSeek's cache hits, Perplexity's and
 * Moonshot's top-level counts, Writer's `prompt_token_details`, xAI's output that leaves reasoning out.
 * null: nothing was counted.
 */
export function readUsage(value: unknown): Usage | null {
  const usage = asObject(value)
  if (usage === null) return null
  const stated = ['prompt_tokens', 'completion_tokens', 'total_tokens'].some(
    (name) => asCount(usage[name]) !== null,
  )
  if (!stated) return null
  const prompt = asObject(usage['prompt_tokens_details']) ?? asObject(usage['prompt_token_details'])
  const completion = asObject(usage['completion_tokens_details'])
  const input = count(usage['prompt_tokens'])
  const output = count(usage['completion_tokens'])
  const reasoning = count(completion?.['reasoning_tokens'] ?? usage['reasoning_tokens'])
  const leftOut = reasoning > 0 && count(usage['total_tokens']) === input + output + reasoning
  return {
    input,
    output: leftOut ? output + reasoning : output,
    cachedInput: count(
      prompt?.['cached_tokens'] ?? usage['prompt_cache_hit_tokens'] ?? usage['cached_tokens'],
    ),
    cacheWrite: count(prompt?.['cache_write_tokens']),
    reasoning,
  }
}

/** The usage of a whole answer or of a chunk: `usage`, or the copy that Groq puts into `x_groq`. */
export function usageOf(body: JsonObject): Usage | null {
  return readUsage(body['usage']) ?? readUsage(asObject(body['x_groq'])?.['usage'])
}

function count(value: unknown): number {
  return asCount(value) ?? 0
}
