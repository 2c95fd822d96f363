import type { CacheControl } from '../../core/openai.ts'
import type { CachePoint } from './converse-types.ts'

export interface CacheRules {
  /** Where a model takes marks: `none`, `messages` (system and messages), `all` (tools too). */
  readonly prompt_cache: string
  /** Whether a mark may name its time to live. */
  readonly cache_ttl: boolean
}

/** The mark after a block; nothing where the model has no prompt cache, which is only a hint lost. */
export function cachePoint(mark: CacheControl, rules: CacheRules): { cachePoint: CachePoint }[] {
  if (rules.prompt_cache === 'none') return []
  const isLong = rules.cache_ttl && mark.ttl === '1h'
  return [{ cachePoint: isLong ? { type: 'default', ttl: '1h' } : { type: 'default' } }]
}
