import type { CacheControl, ChatRequest } from '../../core/openai.ts'
import { readCacheControl } from '../shared/cache-control.ts'
import { partsOf } from '../shared/text.ts'
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

/** Whether the client marks anything at all for the prompt cache. */
export function hasCacheMarks({ messages, tools }: ChatRequest): boolean {
  const holders = [...messages, ...messages.flatMap(({ content }) => partsOf(content)), ...(tools ?? [])]
  return holders.some((holder) => readCacheControl(holder) !== null)
}

const mostMarks = 4

/**
 * The same lists without the marks before the last four, in the order in which prompts are cached: more are refused,
 * and a later mark covers everything before it.
 */
export function limitCachePoints<Lists extends readonly (readonly object[])[]>(lists: Lists): Lists {
  const total = lists.flat().filter(isMark).length
  let surplus = Math.max(0, total - mostMarks)
  return lists.map((list) => list.filter((item) => !isMark(item) || surplus-- <= 0)) as unknown as Lists
}

function isMark(item: object): boolean {
  return 'cachePoint' in item
}
