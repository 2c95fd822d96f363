import type { Clock } from '../core/clock.ts'
import type { Timers } from './deadlines.ts'

export interface KeptTimersOptions {
  readonly clock: Clock
  readonly timers?: Pick<Timers, 'set'>
}

/** What a deadline bounds has a socket, and that keeps the process up as long as there is need. */
const silentTimers: Pick<Timers, 'set'> = {
  set: (callback, delayMs) => setTimeout(callback, delayMs).unref(),
}

/** One timer of the system's, and what it is for at the moment. */
interface Alarm {
  /** Monotonic ms. */
  dueAt: number
  /** null: nothing, it waits for somebody to take it over. */
  callback: (() => void) | null
}

/**
 * Timers for deadlines, which nearly all are cleared long before they are due: one that is cleared goes on running, and
 * the next that would be due later takes it over. So a callback may come too soon, never too late: it must look whether
 * it is time, and set anew where not. Under load this sets a timer where there would be thousands.
 */
export function createKeptTimers({ clock, timers = silentTimers }: KeptTimersOptions): Timers {
  /** Cleared and still running, the last one at the end. */
  const spare: Alarm[] = []

  function start(callback: () => void, dueAt: number, delayMs: number): Alarm {
    const alarm: Alarm = { dueAt, callback }
    timers.set(() => ring(alarm), delayMs)
    return alarm
  }

  function ring(alarm: Alarm): void {
    const { callback } = alarm
    alarm.callback = null
    if (callback !== null) return callback()
    const index = spare.lastIndexOf(alarm)
    if (index >= 0) spare.splice(index, 1)
  }

  return {
    set(callback, delayMs) {
      const dueAt = clock.monotonic() + delayMs
      const last = spare[spare.length - 1]
      if (last === undefined || last.dueAt > dueAt) return start(callback, dueAt, delayMs)
      spare.pop()
      last.callback = callback
      return last
    },
    clear(handle) {
      const alarm = handle as Alarm | null
      if (alarm === null || alarm.callback === null) return
      alarm.callback = null
      spare.push(alarm)
    },
  }
}
