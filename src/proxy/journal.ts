import type { Clock } from '../core/clock.ts'
import type { Connection, Principal } from '../core/entities.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Operation } from '../core/openai.ts'
import type {
  AttemptRecord,
  AttemptSpan,
  RequestOutcome,
  RequestRecord,
  RequestTrace,
} from '../core/record.ts'
import type { Usage } from '../core/usage.ts'
import { newSpanId, traceparentOf } from '../telemetry/traces/trace-context.ts'

export interface JournalOptions {
  readonly requestId: string
  /** Not the caller's. */
  readonly isOwnId: boolean
  readonly operation: Operation | 'models' | 'other'
  readonly method: string
  readonly path: string
  readonly clock: Clock
  readonly record: (record: RequestRecord) => void
  /** null: no traces are kept. */
  readonly trace?: RequestTrace | null
}

/** The facts of one request as they become known; `close` hands them on exactly once. */
export class Journal {
  principal: Principal | null = null
  team: string | null = null
  model: string | null = null
  connection: Connection | null = null
  stream = false
  usage: Usage | null = null
  upstreamRequestId: string | null = null
  error: GatewayError | null = null
  outcome: RequestOutcome = 'success'
  authMs = 0
  /** Of the attempt under way, where traces are kept. */
  span: AttemptSpan | null = null
  readonly attempts: AttemptRecord[] = []
  readonly #options: JournalOptions
  readonly #startedAt: number
  #waitedMs = 0
  #waitingSince: number | null = null
  #firstTokenMs: number | null = null
  #isClosed = false

  constructor(options: JournalOptions) {
    this.#options = options
    this.#startedAt = options.clock.monotonic()
  }

  get requestId(): string {
    return this.#options.requestId
  }

  authenticated(): void {
    this.authMs = this.#elapsed()
  }

  firstToken(): void {
    this.#firstTokenMs ??= this.#elapsed()
  }

  /** An attempt begins, and with it a stretch of waiting for the upstream. */
  beginAttempt(connection: Connection): void {
    this.connection = connection
    this.#waitingSince = this.#options.clock.monotonic()
    if (!this.#options.trace) return
    this.span = { spanId: newSpanId(), offsetMs: this.#elapsed(), modelName: connection.modelName }
  }

  /** What the upstream is told of the trace: the attempt's own span; null where no traces are kept. */
  get traceparent(): string | null {
    const { trace } = this.#options
    return trace && this.span ? traceparentOf(trace.context, this.span.spanId) : null
  }

  /** What the attempt under way came to; the waiting ends with it. */
  endAttempt(outcome: AttemptRecord['outcome']): void {
    const before = this.#waitedMs
    this.#waitedMs = this.upstreamMs()
    this.#waitingSince = null
    const { model, provider, name } = this.connection as Connection
    const durationMs = this.#waitedMs - before
    const record = { model, provider, connection: name, outcome, durationMs }
    this.attempts.push(this.span === null ? record : { ...record, span: this.span })
  }

  /** Time in which an attempt was under way, ms. */
  upstreamMs(): number {
    if (this.#waitingSince === null) return this.#waitedMs
    return this.#waitedMs + this.#options.clock.monotonic() - this.#waitingSince
  }

  close(status: number): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const { requestId, isOwnId, operation, method, path, record } = this.#options
    record({
      requestId,
      isOwnId,
      operation,
      method,
      path,
      subject: this.principal?.subject ?? null,
      issuer: this.principal?.issuer ?? null,
      team: this.team,
      model: this.model,
      provider: this.connection?.provider ?? null,
      connection: this.connection?.name ?? null,
      stream: this.stream,
      attempts: this.attempts,
      status,
      errorCode: this.error?.code ?? null,
      outcome: this.outcome,
      durationMs: this.#elapsed(),
      authMs: this.authMs,
      upstreamMs: this.upstreamMs(),
      firstTokenMs: this.#firstTokenMs,
      usage: this.usage,
      upstreamRequestId: this.upstreamRequestId,
      trace: this.#options.trace ?? null,
    })
  }

  #elapsed(): number {
    return this.#options.clock.monotonic() - this.#startedAt
  }
}
