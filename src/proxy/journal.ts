import type { Clock } from '../core/clock.ts'
import type { Connection, Principal } from '../core/entities.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Operation } from '../core/openai.ts'
import type { AttemptRecord, RequestOutcome, RequestRecord } from '../core/record.ts'
import type { Usage } from '../core/usage.ts'

/** The facts of one request as they become known; `close` hands them on exactly once. */
export interface Journal {
  readonly requestId: string
  principal: Principal | null
  team: string | null
  model: string | null
  connection: Connection | null
  stream: boolean
  usage: Usage | null
  upstreamRequestId: string | null
  error: GatewayError | null
  outcome: RequestOutcome
  /** Ms from the request's arrival. */
  elapsed(): number
  authenticated(): void
  readonly authMs: number
  /** Starts a stretch of waiting for the upstream; the function it returns ends it, once. */
  waiting(): () => void
  upstreamMs(): number
  firstToken(): void
  attempted(record: AttemptRecord): void
  readonly attempts: readonly AttemptRecord[]
  close(status: number): void
}

export interface JournalOptions {
  readonly requestId: string
  readonly operation: Operation | 'models' | 'other'
  readonly method: string
  readonly path: string
  readonly clock: Clock
  readonly record: (record: RequestRecord) => void
}

export function createJournal({
  requestId,
  operation,
  method,
  path,
  clock,
  record,
}: JournalOptions): Journal {
  const startedAt = clock.monotonic()
  const attempts: AttemptRecord[] = []
  let waitedMs = 0
  let waitingSince: number | null = null
  let firstTokenMs: number | null = null
  let closed = false
  const elapsed = () => clock.monotonic() - startedAt

  const journal: Journal = {
    requestId,
    principal: null,
    team: null,
    model: null,
    connection: null,
    stream: false,
    usage: null,
    upstreamRequestId: null,
    error: null,
    outcome: 'success',
    authMs: 0,
    attempts,
    elapsed,
    authenticated: () => {
      Object.assign(journal, { authMs: elapsed() })
    },
    waiting: () => {
      const since = clock.monotonic()
      waitingSince = since
      return () => {
        if (waitingSince !== since) return
        waitedMs += clock.monotonic() - since
        waitingSince = null
      }
    },
    upstreamMs: () => waitedMs + (waitingSince === null ? 0 : clock.monotonic() - waitingSince),
    firstToken: () => {
      firstTokenMs ??= elapsed()
    },
    attempted: (attempt) => {
      attempts.push(attempt)
    },
    close: (status) => {
      if (closed) return
      closed = true
      record({
        requestId,
        operation,
        method,
        path,
        subject: journal.principal?.subject ?? null,
        issuer: journal.principal?.issuer ?? null,
        team: journal.team,
        model: journal.model,
        provider: journal.connection?.provider ?? null,
        connection: journal.connection?.name ?? null,
        stream: journal.stream,
        attempts,
        status,
        errorCode: journal.error?.code ?? null,
        outcome: journal.outcome,
        durationMs: elapsed(),
        authMs: journal.authMs,
        upstreamMs: journal.upstreamMs(),
        firstTokenMs,
        usage: journal.usage,
        upstreamRequestId: journal.upstreamRequestId,
      })
    },
  }
  return journal
}
