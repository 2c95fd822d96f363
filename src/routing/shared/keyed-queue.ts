import type { Clock } from '../../core/clock.ts'
import type { Schedule } from './timers.ts'

/** Work that is due for some keys: each is done once however often it was asked for, and never twice at a time. */
export interface KeyedQueue {
  /** Asks for one more run, which begins after this moment; `first`: before those that have waited. */
  add(key: string, first?: boolean): void
  /** Whether a run is due or under way. */
  has(key: string): boolean
  /** Looks again whether work may run. */
  resume(): void
  /** Forgets what is due; resolves once nothing is under way. */
  close(): Promise<void>
}

export interface KeyedQueueOptions {
  /** Must not reject. */
  work: (key: string) => Promise<void>
  atOnce: number
  /** How many runs may begin in a second, as many of them together as were left over. */
  perSecond: number
  canRun: () => boolean
  clock: Clock
  schedule: Schedule
}

export function createKeyedQueue({
  work,
  atOnce,
  perSecond,
  canRun,
  clock,
  schedule,
}: KeyedQueueOptions): KeyedQueue {
  const urgent = new Set<string>()
  const due = new Set<string>()
  const running = new Set<string>()
  const idle: (() => void)[] = []
  let budget = perSecond
  let filledAt = clock.monotonic()
  let stopWaiting: (() => void) | null = null
  let isClosed = false

  function mayBegin(): boolean {
    const now = clock.monotonic()
    budget = Math.min(perSecond, budget + ((now - filledAt) * perSecond) / 1_000)
    filledAt = now
    if (budget >= 1) return true
    stopWaiting ??= schedule(Math.ceil(((1 - budget) * 1_000) / perSecond), () => {
      stopWaiting = null
      pump()
    })
    return false
  }

  function pump(): void {
    if (isClosed || !canRun()) return
    for (const keys of [urgent, due]) {
      for (const key of keys) {
        if (running.size >= atOnce) return
        if (running.has(key)) continue
        if (!mayBegin()) return
        budget--
        keys.delete(key)
        due.delete(key)
        begin(key)
      }
    }
  }

  function begin(key: string): void {
    // Before the work begins: it may ask for its own next run at once.
    running.add(key)
    void work(key).finally(() => {
      running.delete(key)
      pump()
      if (running.size === 0) for (const resolve of idle.splice(0)) resolve()
    })
  }

  return {
    add(key, first = false) {
      if (isClosed) return
      const keys = first ? urgent : due
      keys.add(key)
      pump()
    },
    has: (key) => running.has(key) || urgent.has(key) || due.has(key),
    resume: pump,
    async close() {
      isClosed = true
      urgent.clear()
      due.clear()
      stopWaiting?.()
      if (running.size > 0) await new Promise<void>((resolve) => idle.push(resolve))
    },
  }
}
