import { setTimeout as sleep } from 'node:timers/promises'
import { abortable, type Signal } from '../core/cancellation.ts'
import type { Model } from '../core/entities.ts'
import { GatewayError } from '../core/errors.ts'
import type { RequestInFlight } from '../routing/retry-budget.ts'
import type { Attempt } from '../routing/router.ts'
import type { ProxyDeps } from './deps.ts'
import type { Journal } from './journal.ts'

export interface FailoverOptions {
  readonly deps: ProxyDeps
  readonly journal: Journal
  readonly model: Model
  readonly connectionName: string | null
  readonly affinityKey: string | null
  /** Connections that cannot serve this operation at all. */
  readonly unfit: ReadonlySet<string>
  /** This request's place among those in flight, which answers for its retries. */
  readonly flight: RequestInFlight
  readonly signal: Signal
  /** One try. Throws GatewayError while nothing was shown to the client. */
  readonly attempt: (attempt: Pick<Attempt, 'connection' | 'answered'>) => Promise<Tried>
}

/** An answer that reached the client. `error`: it began well and then broke off, which counts against the connection. */
export interface Tried {
  readonly firstByteMs: number
  readonly error: GatewayError | null
}

/**
 * Tries one connection after another until one answers, as `routing/` chooses and permits. Throws the error that the
 * client can act on best.
 */
export async function failover(options: FailoverOptions): Promise<Tried> {
  const { deps, journal, model, connectionName, affinityKey, flight, signal } = options
  let tried = options.unfit
  const errors: GatewayError[] = []
  let repeated = false
  for (;;) {
    const choice = deps.router.acquire({ model, connectionName, affinityKey, tried })
    if (choice.kind === 'none') {
      if (errors.length === 0) throw choice.error
      if (repeated || errors.length > 1 || !isPassing(errors[0] as GatewayError)) {
        throw deps.router.pickError(errors, model, connectionName)
      }
      // The only candidate gets a second try, after a pause.
      repeated = true
      tried = options.unfit
      await abortable(sleep(deps.router.backoffMs(errors.length)), signal)
      continue
    }
    const { attempt } = choice
    try {
      journal.beginAttempt(attempt.connection)
      const ended = await options.attempt(attempt)
      settle(options, attempt, ended)
      return ended
    } catch (thrown) {
      const error =
        thrown instanceof GatewayError ? deps.withoutSecrets(thrown, attempt.connection.credential) : thrown
      noteFailure(options, attempt, error)
      if (!(error instanceof GatewayError) || signal.aborted) throw error
      errors.push(error)
      if (!flight.mayRetry({ error, attempts: errors.length }))
        throw deps.router.pickError(errors, model, connectionName)
      tried = new Set(tried).add(attempt.connection.id)
    }
  }
}

/** A failure that the same connection may not have a moment later: 408, 409, 5xx, a lost or refused connection. */
function isPassing(error: GatewayError): boolean {
  return error.reason === 'provider_down' || error.reason === 'network'
}

function settle(options: FailoverOptions, attempt: Attempt, { firstByteMs, error }: Tried): void {
  if (error !== null) return noteFailure(options, attempt, error)
  attempt.settle({ kind: 'success', firstByteMs })
  options.journal.endAttempt('success')
}

function noteFailure({ journal, signal }: FailoverOptions, attempt: Attempt, error: unknown): void {
  if (signal.aborted || !(error instanceof GatewayError) || error.reason === null) {
    attempt.settle({ kind: 'neutral' })
    journal.endAttempt(signal.aborted ? 'aborted' : 'refused')
  } else {
    const { reason, retryAfterMs, upstream, message } = error
    // Operators read what the provider said; the client's message may be our own.
    attempt.settle({ kind: 'failure', reason, retryAfterMs, message: upstream?.message ?? message })
    journal.endAttempt(reason)
  }
}
