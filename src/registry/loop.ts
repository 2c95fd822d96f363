import type { After } from './timers.ts'

/** Work that is done again and again, once at a time. */
export interface Loop {
  /** Does it for the first time, and from then on whenever the interval has passed. */
  start(): Promise<void>
  /** Does it as soon as what is under way has ended; what began before may have missed what just happened. */
  now(): Promise<void>
  /** Nothing more begins; resolves when what is under way has ended. */
  stop(): Promise<void>
}

export interface LoopOptions {
  /** Must not reject. */
  readonly work: () => Promise<void>
  readonly after: After
  readonly intervalMs: () => number
}

export function createLoop({ work, after, intervalMs }: LoopOptions): Loop {
  let running: Promise<void> | null = null
  let next: Promise<void> | null = null
  let isStopped = false
  let cancel: () => void = () => undefined

  function now(): Promise<void> {
    if (isStopped) return running ?? Promise.resolve()
    if (running === null) {
      running = work().finally(() => {
        running = null
      })
      return running
    }
    next ??= running.then(() => {
      next = null
      return now()
    })
    return next
  }

  function schedule(): void {
    if (isStopped) return
    cancel = after(intervalMs(), () => void now().then(schedule))
  }

  return {
    async start() {
      await now()
      schedule()
    },
    now,
    async stop() {
      isStopped = true
      cancel()
      await running
    },
  }
}
