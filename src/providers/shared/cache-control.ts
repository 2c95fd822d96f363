import type { CacheControl } from '../../core/openai.ts'
import { asObject } from './json.ts'

/**
 * The cache mark of a part, message or tool: `cache_control` as OpenRouter's and LiteLLM's clients write it, or
 * OpenAI's own `prompt_cache_breakpoint`. A `ttl` other than `5m` and `1h` is left out. null: none.
 */
export function readCacheControl(holder: object): CacheControl | null {
  const { cache_control: mark, prompt_cache_breakpoint: breakpoint } = holder as Record<string, unknown>
  const control = asObject(mark)
  if (control?.['type'] === 'ephemeral') {
    const ttl = control['ttl']
    return ttl === '5m' || ttl === '1h' ? { type: 'ephemeral', ttl } : { type: 'ephemeral' }
  }
  return asObject(breakpoint) === null ? null : { type: 'ephemeral' }
}
