import type { MessagesBody } from './types.ts'

const mostMarks = 4

/**
 * Keeps the last four cache marks in the order in which Anthropic caches (tools, system, messages, then the one for the
 * whole request) and takes the earlier ones away: five are refused (providers' facts §6.3), and a later mark covers
 * everything before it. Changes the body, which is the caller's own.
 */
export function limitCacheMarks(body: MessagesBody): void {
  const holders = [
    ...(body.tools ?? []),
    ...(body.system ?? []),
    ...body.messages.flatMap(({ content }) => content),
  ].filter((block): block is typeof block & { cache_control: unknown } => 'cache_control' in block)
  const allowed = mostMarks - (body.cache_control === undefined ? 0 : 1)
  for (const holder of holders.slice(0, Math.max(0, holders.length - allowed))) {
    delete (holder as { cache_control?: unknown }).cache_control
  }
}
