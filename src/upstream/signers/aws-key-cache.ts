import type { Clock } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import type { AwsKeys } from './aws-keys.ts'

export interface AwsKeyCacheOptions {
  readonly clock: Clock
  /** Aborted when the gateway stops: ends every exchange under way. */
  readonly closing: AbortSignal
  /** Bound of one exchange, ms. */
  readonly deadlineMs?: number
  /** How long a failure is remembered, ms, so that each request of an outage does not repeat it. */
  readonly failureMs?: number
  readonly maxEntries?: number
}

export type LoadAwsKeys = (signal: AbortSignal) => Promise<AwsKeys>

export interface AwsKeyCache {
  /** Throws GatewayError for what the exchange came to, or the signal's reason where the caller gave up waiting. */
  get(id: string, load: LoadAwsKeys, signal: AbortSignal): Promise<AwsKeys>
}

interface Entry {
  keys: AwsKeys | null
  failure: { readonly error: GatewayError; readonly until: number } | null
  flight: Promise<AwsKeys> | null
}

const minute = 60_000
/** Kept until this long before they expire, so that no request is signed with keys about to end. */
const staleBeforeMs = 5 * minute
/** From here on they are replaced in the background, while the old ones still serve. */
const refreshBeforeMs = 10 * minute
/** Stale keys still serve this far where new ones cannot be had for an outage. */
const lastResortMs = minute / 2

/** Temporary AWS keys by id: one exchange at a time for each, renewed ahead of their end, failures remembered briefly. */
export function createAwsKeyCache({
  clock,
  closing,
  deadlineMs = 10_000,
  failureMs = 5_000,
  maxEntries = 1000,
}: AwsKeyCacheOptions): AwsKeyCache {
  const entries = new Map<string, Entry>()

  function entryOf(id: string): Entry {
    const entry = entries.get(id) ?? { keys: null, failure: null, flight: null }
    entries.delete(id)
    entries.set(id, entry)
    // In order of last use: the first is the one that nobody has asked for the longest.
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries) break
      entries.delete(oldest)
    }
    return entry
  }

  function remainingMs({ keys }: Entry): number {
    if (keys === null) return 0
    return keys.expiresAt === null ? Infinity : keys.expiresAt - clock.now()
  }

  async function exchange(entry: Entry, load: LoadAwsKeys): Promise<AwsKeys> {
    const bound = AbortSignal.any([AbortSignal.timeout(deadlineMs), closing])
    try {
      entry.keys = await abortable(load(bound), bound)
      entry.failure = null
      return entry.keys
    } catch (cause) {
      const error = asFailure(cause)
      entry.failure = { error, until: clock.now() + failureMs }
      throw error
    } finally {
      entry.flight = null
    }
  }

  /** Joins the exchange under way or starts one, unless one has only just failed. */
  function renew(entry: Entry, load: LoadAwsKeys): Promise<AwsKeys> {
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
      const { keys } = entry
      const remaining = remainingMs(entry)
      if (keys !== null && remaining > staleBeforeMs) {
        if (remaining <= refreshBeforeMs) void renew(entry, load).catch(() => {})
        return keys
      }
      try {
        return await abortable(renew(entry, load), signal)
      } catch (error) {
        const isOutage = !signal.aborted && error instanceof GatewayError && !isRefusal(error)
        if (keys !== null && isOutage && remaining > lastResortMs) return keys
        throw error
      }
    },
  }
}

/** AWS itself said no, as opposed to nobody answering: the keys held are then not to be used either. */
function isRefusal({ reason }: GatewayError): boolean {
  return reason === 'authentication' || reason === 'permission' || reason === 'region'
}

/** Whatever was lost on the way, or took too long: the model's provider has not been asked anything yet. */
function asFailure(cause: unknown): GatewayError {
  const isAnswer = cause instanceof GatewayError && cause.reason !== 'network' && cause.reason !== 'timeout'
  if (isAnswer) return cause
  return new GatewayError('upstream_error', 'AWS could not be reached for temporary credentials.', {
    reason: 'network',
    costly: false,
    cause,
  })
}

/** Settles as `promise` does, or rejects with the signal's reason as soon as it is aborted. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
  })
}
