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
  const inFlight = { requests: 0, retries: 0 }
  return { begin: () => new Flight(settings, inFlight) }
}

class Flight implements RequestInFlight {
  readonly #settings: RetrySettings
  readonly #inFlight: { requests: number; retries: number }
  #isOpen = true
  #isRetrying = false

  constructor(settings: RetrySettings, inFlight: { requests: number; retries: number }) {
    this.#settings = settings
    this.#inFlight = inFlight
    inFlight.requests++
  }

  mayRetry({ error, attempts }: { error: GatewayError; attempts: number }): boolean {
    const { maxAttempts, retryTimeouts, budgetRatio, budgetMin } = this.#settings
    this.#stopRetrying()
    if (!this.#isOpen || error.reason === null || attempts >= maxAttempts) return false
    if (!error.costly) return true
    if (error.reason === 'timeout' && !retryTimeouts) return false
    const { requests, retries } = this.#inFlight
    if (retries + 1 > Math.max(budgetMin, budgetRatio * requests)) return false
    this.#inFlight.retries++
    this.#isRetrying = true
    return true
  }

  end(): void {
    this.#stopRetrying()
    if (this.#isOpen) this.#inFlight.requests--
    this.#isOpen = false
  }

  #stopRetrying(): void {
    if (this.#isRetrying) this.#inFlight.retries--
    this.#isRetrying = false
  }
}

const firstPauseMs = 200
const longestPauseMs = 2_000

/** The pause before the same connection is tried again after its nth failure, ms: doubling, the upper half at random. */
export function backoffMs(attempts: number, random: () => number): number {
  const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (Math.max(1, attempts) - 1))
  return pauseMs * (0.5 + 0.5 * random())
}
