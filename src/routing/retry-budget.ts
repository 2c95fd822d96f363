import type { GatewayError } from '../core/errors.ts'

export interface RetrySettings {
  readonly maxAttempts: number
  /** Whether a timeout is retried although the provider may still be generating. */
  readonly retryTimeouts: boolean
  /** Retries in flight, as a share of requests in flight, … */
  readonly budgetRatio: number
  /** … and how many there may be in any case. */
  readonly budgetMin: number
}

export const defaultRetry: RetrySettings = {
  maxAttempts: 3,
  retryTimeouts: false,
  budgetRatio: 0.2,
  budgetMin: 3,
}

/** One client request, from its begin to its end. */
export interface RequestInFlight {
  /**
   * Whether another attempt may follow the failed one; `attempts` made so far. Where it answers yes the retry counts as
   * in flight until the next question, or the request's end.
   */
  mayRetry(failed: { error: GatewayError; attempts: number }): boolean
  /** Exactly once is enough; again does nothing. */
  end(): void
}

export interface RetryBudget {
  begin(): RequestInFlight
}

/** Keeps an outage from being multiplied by the retries it causes (design §7). */
export function createRetryBudget(settings: RetrySettings): RetryBudget {
  const { maxAttempts, retryTimeouts, budgetRatio, budgetMin } = settings
  let requests = 0
  let retries = 0

  return {
    begin() {
      let isOpen = true
      let isRetrying = false
      requests++

      function stopRetrying(): void {
        if (isRetrying) retries--
        isRetrying = false
      }

      return {
        mayRetry({ error, attempts }) {
          stopRetrying()
          if (!isOpen || error.reason === null || attempts >= maxAttempts) return false
          if (!error.costly) return true
          if (error.reason === 'timeout' && !retryTimeouts) return false
          if (retries + 1 > Math.max(budgetMin, budgetRatio * requests)) return false
          retries++
          isRetrying = true
          return true
        },
        end() {
          stopRetrying()
          if (isOpen) requests--
          isOpen = false
        },
      }
    },
  }
}

const firstPauseMs = 200
const longestPauseMs = 2_000

/** The pause before the same connection is tried again after its nth failure, ms: doubling, the upper half at random. */
export function backoffMs(attempts: number, random: () => number): number {
  const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (Math.max(1, attempts) - 1))
  return pauseMs * (0.5 + 0.5 * random())
}
