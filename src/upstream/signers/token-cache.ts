import { abortable, type Signal } from '../../core/cancellation.ts'
import type { Clock } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'

/** What an exchange brings: `expiresAt` in ms since 1970, null for what does not expire by itself. */
export interface Expiring {
  readonly expiresAt: number | null
}

export interface TokenCacheOptions {
  readonly clock: Clock
  /** Aborted when the gateway stops: ends every exchange under way. */
  readonly closing: AbortSignal
  /** Bound of one exchange, ms. */
  readonly deadlineMs?: number
  /** How long a failure is remembered, ms, so that each request of an outage does not repeat it. */
  readonly failureMs?: number
  readonly maxEntries?: number
  /** Hears how each exchange ended, for metrics. */
  readonly onExchange?: OnExchange
  /** What callers read of an exchange that was lost on the way or took too long. */
  readonly failed: string
}

export type OnExchange = (result: 'success' | 'failure') => void

export type LoadToken<Token extends Expiring> = (signal: AbortSignal) => Promise<Token>

export interface TokenCache<Token extends Expiring> {
  /** Throws GatewayError for what the exchange came to, or the signal's reason where the caller gave up waiting. */
  get(id: string, load: LoadToken<Token>, signal: Signal): Promise<Token>
}

interface Entry<Token> {
  token: Token | null
  failure: { readonly error: GatewayError; readonly until: number } | null
  flight: Promise<Token> | null
}

const minute = 60_000
/** Kept until this long before its end, so that no request is signed with what is about to end. */
const staleBeforeMs = 5 * minute
/** From here on it is replaced in the background, while the old one still serves. */
const refreshBeforeMs = 10 * minute
/** What is stale still serves this far where a new one cannot be had for an outage. */
const lastResortMs = minute / 2

/** Temporary keys and tokens by id: one exchange at a time for each, renewed ahead of its end, failures remembered briefly. */
export function createTokenCache<Token extends Expiring>({
  clock,
  closing,
  deadlineMs = 10_000,
  failureMs = 5_000,
  maxEntries = 1000,
  onExchange = () => {},
  failed,
}: TokenCacheOptions): TokenCache<Token> {
  const entries = new Map<string, Entry<Token>>()

  function entryOf(id: string): Entry<Token> {
    const entry = entries.get(id) ?? { token: null, failure: null, flight: null }
    entries.delete(id)
    entries.set(id, entry)
    // In order of last use: the first is the one that nobody has asked for the longest.
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries) break
      entries.delete(oldest)
    }
    return entry
  }

  function remainingMs({ token }: Entry<Token>): number {
    if (token === null) return 0
    return token.expiresAt === null ? Infinity : token.expiresAt - clock.now()
  }

  async function exchange(entry: Entry<Token>, load: LoadToken<Token>): Promise<Token> {
    const bound = AbortSignal.any([AbortSignal.timeout(deadlineMs), closing])
    try {
      const token = await abortable(load(bound), bound)
      entry.token = token
      entry.failure = null
      onExchange('success')
      return token
    } catch (cause) {
      const error = asFailure(cause, failed)
      entry.failure = { error, until: clock.now() + failureMs }
      onExchange('failure')
      throw error
    } finally {
      entry.flight = null
    }
  }

  /** Joins the exchange under way or starts one, unless one has only just failed. */
  function renew(entry: Entry<Token>, load: LoadToken<Token>): Promise<Token> {
    if (entry.flight === null) {
      if (entry.failure !== null && clock.now() < entry.failure.until)
        return Promise.reject(entry.failure.error)
      entry.flight = exchange(entry, load)
      // Whoever waits hears of the failure; in the background nobody does, and the next caller tries again.
      entry.flight.catch(() => {})
    }
    return entry.flight
  }

  return {
    async get(id, load, signal) {
      signal.throwIfAborted()
      const entry = entryOf(id)
      const { token } = entry
      const remaining = remainingMs(entry)
      if (token !== null && remaining > staleBeforeMs) {
        if (remaining <= refreshBeforeMs) void renew(entry, load).catch(() => {})
        return token
      }
      try {
        return await abortable(renew(entry, load), signal)
      } catch (error) {
        const isOutage = !signal.aborted && error instanceof GatewayError && !isRefusal(error)
        if (token !== null && isOutage && remaining > lastResortMs) return token
        throw error
      }
    },
  }
}

/** Whoever gives them out said no, as opposed to nobody answering: what is held is then not to be used either. */
function isRefusal({ reason }: GatewayError): boolean {
  return reason === 'authentication' || reason === 'permission' || reason === 'region'
}

/** Whatever was lost on the way, or took too long: the model's provider has not been asked anything yet. */
function asFailure(cause: unknown, failed: string): GatewayError {
  const isAnswer = cause instanceof GatewayError && cause.reason !== 'network' && cause.reason !== 'timeout'
  if (isAnswer) return cause
  return new GatewayError('upstream_error', failed, { reason: 'network', costly: false, cause })
}
