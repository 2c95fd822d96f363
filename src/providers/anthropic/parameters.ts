import { createHash } from 'node:crypto'
import type { ChatRequest } from '../../core/openai.ts'
import { readCacheControl } from '../shared/cache-control.ts'
import { unsupported } from '../shared/refusals.ts'
import { readStop } from '../shared/stop.ts'
import { isBlank } from '../shared/text.ts'
import type { MessagesDialect } from './dialect.ts'
import type { MessagesBody } from './types.ts'

/** Parameters that a request is built from; whatever else a client sends is dropped and named. */
export const honouredParams: ReadonlySet<string> = new Set([
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'modalities',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'functions',
  'function_call',
  'response_format',
  'reasoning_effort',
  'thinking',
  'user',
  'safety_identifier',
  'service_tier',
  'cache_control',
])

export interface PlainParams {
  readonly fields: Pick<MessagesBody, 'stop_sequences' | 'metadata' | 'service_tier' | 'cache_control'>
  readonly dropped: readonly string[]
}

/** The parameters that stand alone (providers' facts §6.3). Throws 400 for stop sequences that Claude refuses. */
export function plainParams(request: ChatRequest, dialect: MessagesDialect): PlainParams {
  const dropped: string[] = []
  const stop = readStop(request)
  if (stop.some(isBlank)) throw unsupported('stop', 'Claude takes no stop sequence of white space alone.')
  const user = userId(request)
  const tier = serviceTier(request, dialect)
  if (tier === undefined) dropped.push('service_tier')
  const caching = readCacheControl(request)
  const isCached = caching !== null && dialect.automaticCaching
  if (caching !== null && !isCached) dropped.push('cache_control')
  return {
    fields: {
      ...(stop.length === 0 ? {} : { stop_sequences: stop }),
      ...(user === null ? {} : { metadata: { user_id: user } }),
      ...(tier === undefined || tier === null ? {} : { service_tier: tier }),
      ...(isCached ? { cache_control: caching } : {}),
    },
    dropped,
  }
}

const longestUserId = 256

/** An opaque name of the end user, of bounded length. */
function userId(request: ChatRequest): string | null {
  const given = [request['safety_identifier'], request.user]
  const id = given.find((value): value is string => typeof value === 'string' && !isBlank(value))
  if (id === undefined) return null
  return id.length <= longestUserId ? id : createHash('sha256').update(id).digest('hex')
}

/** OpenAI's `auto` (the default) and `default` have counterparts, the other tiers none: undefined. */
function serviceTier(
  { service_tier: tier }: ChatRequest,
  dialect: MessagesDialect,
): 'auto' | 'standard_only' | null | undefined {
  if (tier === undefined || tier === null) return null
  if (tier === 'auto') return dialect.serviceTier ? 'auto' : null
  return tier === 'default' && dialect.serviceTier ? 'standard_only' : undefined
}
