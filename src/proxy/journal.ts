import type { Clock } from '../core/clock.ts'
import type { Connection, Principal } from '../core/entities.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Operation } from '../core/openai.ts'
import type { AttemptRecord, RequestOutcome, RequestRecord } from '../core/record.ts'
import type { Usage } from '../core/usage.ts'

export interface JournalOptions {
  readonly requestId: string
  readonly operation: Operation | 'models' | 'other'
  readonly method: string
  readonly path: string
  readonly clock: Clock
  readonly record: (record: RequestRecord) => void
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

  /** A stretch of waiting for the upstream begins. */
  beginWaiting(): void {
    this.#waitingSince = this.#options.clock.monotonic()
  }

  /** How long that stretch was, ms. */
  endWaiting(): number {
    const before = this.#waitedMs
    this.#waitedMs = this.upstreamMs()
    this.#waitingSince = null
    return this.#waitedMs - before
  }

  /** Time in which an attempt was under way, ms. */
  upstreamMs(): number {
    if (this.#waitingSince === null) return this.#waitedMs
    return this.#waitedMs + this.#options.clock.monotonic() - this.#waitingSince
  }

  close(status: number): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const { requestId, operation, method, path, record } = this.#options
    record({
      requestId,
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
    })
  }

  #elapsed(): number {
    return this.#options.clock.monotonic() - this.#startedAt
  }
}
