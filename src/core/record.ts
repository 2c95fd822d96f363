import type { FailureReason } from './failure.ts'
import type { Operation } from './openai.ts'
import type { Usage } from './usage.ts'

/** One try on one connection, as metrics and the log line tell it. */
export interface AttemptRecord {
  /** The gateway's model name: a route's request may try several. */
  readonly model: string
  readonly provider: string
  readonly connection: string
  readonly outcome: 'success' | 'aborted' | 'refused' | FailureReason
  readonly durationMs: number
  /** Where traces are kept. */
  readonly span?: AttemptSpan
}

export interface AttemptSpan {
  readonly spanId: string
  /** Ms from the request's beginning to the attempt's. */
  readonly offsetMs: number
  /** The provider's id of the model. */
  readonly modelName: string
}

/** Where a request stands in a trace (W3C Trace Context). Ids are lower-case hex. */
export interface TraceContext {
  readonly traceId: string
  /** The gateway's own span for the request. */
  readonly spanId: string
  /** The caller's span; null: the trace begins here. */
  readonly parentId: string | null
  /** The caller's choice whether to keep the trace; where it made none, it is kept. */
  readonly sampled: boolean
}

export interface RequestTrace {
  readonly context: TraceContext
  /** Ms since 1970. */
  readonly startedAt: number
}

/** How a request ended: `aborted` is the client leaving, `stream_error` a failure after the first event. */
export type RequestOutcome = 'success' | 'error' | 'aborted' | 'stream_error'

/** Everything the log line and the metrics of one request need; recorded exactly once, client aborts included. */
export interface RequestRecord {
  readonly requestId: string
  /** The gateway has made it: there is nothing in it that must not be shown. */
  readonly isOwnId: boolean
  readonly operation: Operation | 'models' | 'other'
  readonly method: string
  readonly path: string
  readonly subject: string | null
  readonly issuer: string | null
  readonly team: string | null
  /** The gateway's model name; null: unknown, or refused before it was known. What the client wrote is never here. */
  readonly model: string | null
  readonly provider: string | null
  readonly connection: string | null
  readonly stream: boolean
  readonly attempts: readonly AttemptRecord[]
  /** The status sent, or 499 where the client left before one was. */
  readonly status: number
  readonly errorCode: string | null
  readonly outcome: RequestOutcome
  readonly durationMs: number
  readonly authMs: number
  /** Time in which at least one attempt was waiting for the upstream. */
  readonly upstreamMs: number
  readonly firstTokenMs: number | null
  readonly usage: Usage | null
  readonly upstreamRequestId: string | null
  /** Where traces are kept. */
  readonly trace?: RequestTrace | null
}
