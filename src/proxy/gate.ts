import { GatewayError } from '../core/errors.ts'

/** Who may come in: counts requests in flight, refuses above the bound and while shutting down. */
export interface Gate {
  /**
   * Throws 503 `overloaded` or `shutting_down`. The function it answers with ends the request's place in the count;
   * further calls do nothing.
   */
  enter(): () => void
  readonly inflight: number
  /** The process is on its way out: connections are not to be kept for a next request. */
  readonly closing: boolean
  /** From now on `closing` is true; everybody still enters. */
  prepareToClose(): void
  /** From now on nobody enters. */
  close(retryAfterMs: number): void
  /** Resolves once nobody is inside, or after `timeoutMs`; true where all have left. */
  empty(timeoutMs: number): Promise<boolean>
}

export interface GateOptions {
  readonly maxInflight: number
  /** Whether there is anything to serve yet. */
  readonly isReady?: () => boolean
}

export function createGate({ maxInflight, isReady = () => true }: GateOptions): Gate {
  let inflight = 0
  let closing = false
  let closed: number | null = null
  const waiting = new Set<() => void>()

  return {
    get inflight() {
      return inflight
    },
    enter: () => {
      if (closed !== null) {
        throw new GatewayError('shutting_down', 'This replica is shutting down.', { retryAfterMs: closed })
      }
      if (!isReady()) {
        throw new GatewayError('overloaded', 'This replica has not read its registry yet.', {
          retryAfterMs: 1000,
        })
      }
      if (inflight >= maxInflight) {
        throw new GatewayError('overloaded', 'The gateway has as many requests in flight as it may.', {
          retryAfterMs: 1000,
        })
      }
      inflight++
      let inside = true
      return () => {
        if (!inside) return
        inside = false
        if (--inflight === 0) for (const wake of waiting) wake()
      }
    },
    get closing() {
      return closing
    },
    prepareToClose: () => {
      closing = true
    },
    close: (retryAfterMs) => {
      closing = true
      closed = retryAfterMs
    },
    empty: (timeoutMs) =>
      new Promise((resolve) => {
        if (inflight === 0) return resolve(true)
        const done = (all: boolean) => {
          clearTimeout(timer)
          waiting.delete(wake)
          resolve(all)
        }
        const wake = () => done(true)
        const timer = setTimeout(() => done(false), timeoutMs)
        waiting.add(wake)
      }),
  }
}
