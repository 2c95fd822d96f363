import type { Signal } from './cancellation.ts'
import type { GatewayError } from './errors.ts'
import type { HeaderMap, UpstreamRequest } from './provider.ts'

/** What `upstream/` gives to whoever sends requests to providers; `echo` gives the same without a socket. */

export interface Deadlines {
  readonly connectMs: number
  /** From dispatch to the first `event()`. */
  readonly firstEventMs: number
  /** Between two `event()` calls, while the body is not paused. */
  readonly idleMs: number
  readonly totalMs: number
}

/**
 * Whose word the host is. `operator`: the configuration file named it, it passes the guard. `guarded`: it came by
 * the control plane or in a request. `metadata`: the gateway's own cloud identity, the only way to metadata addresses.
 */
export type Egress = 'operator' | 'guarded' | 'metadata'

export interface DispatchOptions {
  readonly egress: Egress
  readonly deadlines: Deadlines
  /** The client left, or the gateway gave up: the socket is destroyed at once. */
  readonly signal: Signal
}

/** Receives a body. Exactly one of `end` and `error` comes last. A `data` call may pause the exchange. */
export interface BodySink {
  data(chunk: Buffer): void
  end(): void
  error(error: GatewayError): void
}

/** An answer whose head has come. Its body waits, with backpressure to the upstream, until `read`. */
export interface Exchange {
  readonly status: number
  readonly headers: HeaderMap
  /** Once. */
  read(sink: BodySink): void
  pause(): void
  resume(): void
  /** Something that counts has come (a payload event, not a comment): ends the first-event deadline, re-arms idle. */
  event(): void
  /** Destroys the socket where the body has not ended; the sink hears no more. Idempotent. */
  abort(): void
}

export interface Transport {
  /**
   * Rejects with GatewayError: `upstream_error` (reason network) for what failed on the way, `upstream_timeout` for a
   * deadline, with `costly: false` where the body cannot have been sent; with the signal's reason after an abort.
   */
  dispatch(request: UpstreamRequest, options: DispatchOptions): Promise<Exchange>
}
