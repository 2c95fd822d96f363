import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { Deadlines } from '../core/transport.ts'

/** Timers as a parameter, beside the clock. */
export interface Timers {
  set(callback: () => void, delayMs: number): unknown
  clear(handle: unknown): void
}

export const systemTimers: Timers = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
}

/** Node fires timers that are longer than this at once. */
const longestDelayMs = 2 ** 31 - 1

export type DeadlineName = 'connect' | 'first event' | 'idle' | 'total'

export interface DeadlineTimerOptions {
  readonly deadlines: Deadlines
  readonly clock: Clock
  readonly timers: Timers
  /** Called once at most. */
  readonly onDue: (name: DeadlineName) => void
}

/**
 * The four deadlines of one exchange on one timer. What happens in between only notes the time; the timer, when it
 * fires, looks whether anything is really due and goes on waiting where not.
 */
export class DeadlineTimer {
  readonly #options: DeadlineTimerOptions
  readonly #startedAt: number
  #isConnected = false
  #lastEventAt: number | null = null
  #pausedAt: number | null = null
  #handle: unknown = null
  #armedFor = Infinity

  constructor(options: DeadlineTimerOptions) {
    this.#options = options
    this.#startedAt = options.clock.monotonic()
    this.#arm(this.#startedAt)
  }

  /** The request goes out: the connect deadline is past. */
  connected(): void {
    this.#isConnected = true
  }

  event(): void {
    const now = this.#options.clock.monotonic()
    const isFirst = this.#lastEventAt === null
    this.#lastEventAt = now
    if (this.#pausedAt !== null) this.#pausedAt = now
    if (isFirst) this.#arm(now)
  }

  /** Idle time stands still until `resume`. */
  pause(): void {
    this.#pausedAt ??= this.#options.clock.monotonic()
  }

  resume(): void {
    if (this.#pausedAt === null) return
    const now = this.#options.clock.monotonic()
    if (this.#lastEventAt !== null) this.#lastEventAt += now - this.#pausedAt
    this.#pausedAt = null
    this.#arm(now)
  }

  stop(): void {
    this.#options.timers.clear(this.#handle)
    this.#handle = null
    // Nothing is earlier, so that whatever still comes does not start it again.
    this.#armedFor = -Infinity
  }

  /** Makes sure that the timer fires no later than the next deadline; that it may fire sooner does not matter. */
  #arm(now: number): void {
    const dueAt = this.#dueAt()
    if (dueAt >= this.#armedFor) return
    const { timers } = this.#options
    if (this.#handle !== null) timers.clear(this.#handle)
    this.#armedFor = dueAt
    const delayMs = Math.min(Math.max(1, Math.ceil(dueAt - now)), longestDelayMs)
    this.#handle = timers.set(this.#fire.bind(this), delayMs)
  }

  #fire(): void {
    this.#handle = null
    const now = this.#options.clock.monotonic()
    if (now >= this.#dueAt()) {
      this.stop()
      this.#options.onDue(this.#dueName())
      return
    }
    this.#armedFor = Infinity
    this.#arm(now)
  }

  #dueAt(): number {
    return Math.min(this.#startedAt + this.#options.deadlines.totalMs, this.#dueBeforeTotal())
  }

  /** Of equal deadlines the more telling one. */
  #dueName(): DeadlineName {
    if (this.#startedAt + this.#options.deadlines.totalMs < this.#dueBeforeTotal()) return 'total'
    if (this.#lastEventAt !== null) return 'idle'
    return this.#isConnecting() ? 'connect' : 'first event'
  }

  #dueBeforeTotal(): number {
    const { connectMs, firstEventMs, idleMs } = this.#options.deadlines
    if (this.#lastEventAt !== null) return this.#pausedAt === null ? this.#lastEventAt + idleMs : Infinity
    return this.#startedAt + (this.#isConnecting() ? connectMs : firstEventMs)
  }

  #isConnecting(): boolean {
    const { connectMs, firstEventMs } = this.#options.deadlines
    return !this.#isConnected && connectMs <= firstEventMs
  }
}

const lengths = {
  connect: 'connectMs',
  'first event': 'firstEventMs',
  idle: 'idleMs',
  total: 'totalMs',
} as const

/** The failure that a deadline comes to. `costly`: the request has gone out, so that the provider may be at work. */
export function timeoutError(name: DeadlineName, deadlines: Deadlines, costly: boolean): GatewayError {
  return new GatewayError(
    'upstream_timeout',
    `The upstream took too long: the ${name} deadline of ${deadlines[lengths[name]]} ms has passed.`,
    { reason: 'timeout', costly },
  )
}
