import type { Clock } from '../../core/clock.ts'
import type { Connection, Credential } from '../../core/entities.ts'
import { GatewayError } from '../../core/errors.ts'
import type { AttemptOutcome, FailureReason } from '../../core/failure.ts'
import type { Schedule } from '../shared/timers.ts'
import { type AskUpstreamOptions, createAskUpstream, type Question, type Send } from './ask-upstream.ts'
import { withDeadline } from './deadline.ts'
import type { Said } from './read-answer.ts'

/** `reason` null: the question's own fault, the gateway's, or nobody waits any more; it says nothing of the connection. */
export interface Refused {
  readonly ok: false
  readonly error: GatewayError
  readonly reason: FailureReason | null
  /** The provider's; null: it gave none. */
  readonly status: number | null
  /** For operators: the provider's own words where it had any, secrets removed. */
  readonly message: string
  readonly latencyMs: number
}

/** `latencyMs`: to the last byte. */
export type Success<Result> = { readonly ok: true; readonly latencyMs: number } & Result

export type Asked = Success<Said> | Refused

/**
 * Asks an upstream beside the traffic: for probes, for validation, for an operator's own test. Nothing here rejects, or
 * takes longer than the deadline.
 */
export interface Asker {
  /** One question on one connection, whatever the pool thinks of it. */
  ask(question: Question): Promise<Asked>
  /** The least that proves the connection, as its provider has it. */
  probe(connection: Connection, signal: AbortSignal, stream?: boolean): Promise<Asked>
  /** Work of several exchanges within one deadline; failures are answered as those of questions. */
  attempt<Result>(
    connection: Connection,
    signal: AbortSignal,
    work: (send: Send) => Promise<Result>,
  ): Promise<Success<Result> | Refused>
}

export interface AskerOptions extends Omit<AskUpstreamOptions, 'deadlines'> {
  /** Of one question, tokens to be fetched included: `health.timeout_seconds`, in ms. */
  readonly timeoutMs: number
  readonly connectMs: number
  readonly clock: Clock
  readonly schedule: Schedule
  /** A failure without whatever secret of the credential a provider may have echoed. */
  readonly withoutSecrets: (error: GatewayError, credential: Credential) => GatewayError
  /** A fault of the gateway's own. */
  readonly onFault: (error: unknown) => void
}

export function createAsker(options: AskerOptions): Asker {
  const { timeoutMs, connectMs, schedule, withoutSecrets, onFault, ...parts } = options
  const { clock } = parts
  const deadlines = { connectMs, firstEventMs: timeoutMs, idleMs: timeoutMs, totalMs: timeoutMs }
  const upstream = createAskUpstream({ ...parts, deadlines })

  /** Everything meets here: one deadline, and one reading of what went wrong. */
  async function within<Result>(
    connection: Connection,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Success<Result> | Refused> {
    const startedAt = clock.monotonic()
    try {
      const result = await withDeadline({ ms: timeoutMs, signal, schedule }, work)
      return { ok: true, latencyMs: clock.monotonic() - startedAt, ...result }
    } catch (thrown) {
      const latencyMs = clock.monotonic() - startedAt
      if (signal.aborted) return refusedWith(givenUp(), latencyMs)
      if (!(thrown instanceof GatewayError)) onFault(thrown)
      const error = thrown instanceof GatewayError ? thrown : ownFault(thrown)
      return refusedWith(withoutSecrets(error, connection.credential), latencyMs)
    }
  }

  return {
    ask: (question) =>
      within(question.connection, question.signal, (signal) => upstream.answer({ ...question, signal })),
    probe: (connection, callerSignal, stream = false) =>
      within(connection, callerSignal, async (signal) => {
        const { operation, body } = upstream.providerOf(connection).probe(connection)
        return upstream.answer({ connection, operation, body, stream, signal })
      }),
    attempt: (connection, callerSignal, work) =>
      within(connection, callerSignal, (signal) => work(upstream.sender(connection, signal))),
  }
}

/** What a probe came to, as the pool takes it. */
export function outcomeOf(asked: Asked): AttemptOutcome {
  if (asked.ok) return { kind: 'success', firstByteMs: asked.latencyMs }
  const { reason, message, error } = asked
  return reason === null
    ? { kind: 'neutral' }
    : { kind: 'failure', reason, message, retryAfterMs: error.retryAfterMs }
}

function refusedWith(error: GatewayError, latencyMs: number): Refused {
  const { reason, upstream, message } = error
  return {
    ok: false,
    error,
    reason,
    status: upstream?.status ?? null,
    message: upstream?.message || message,
    latencyMs,
  }
}

function givenUp(): GatewayError {
  return new GatewayError('upstream_error', 'The question was given up.')
}

/** What went wrong is logged; its words might hold anything. */
function ownFault(cause: unknown): GatewayError {
  return new GatewayError('internal_error', 'The gateway failed to ask the upstream.', { cause })
}
