import { setImmediate as turn } from 'node:timers/promises'
import type { Schedule } from '../../src/routing/shared/timers.ts'
import { createManualClock, type ManualClock } from '../../src/routing/testing/manual-clock.ts'

/** Simulated time: what is due happens in order, a millisecond at a time. */
export interface EventQueue {
  readonly clock: ManualClock
  readonly schedule: Schedule
  /** Runs what is due up to that moment, ms from the beginning. */
  runTo(ms: number): Promise<void>
}

interface Task {
  readonly run: () => void
  isCancelled: boolean
}

export function createEventQueue(): EventQueue {
  const clock = createManualClock()
  const start = clock.monotonic()
  // By the millisecond: thousands of tasks fall into one.
  const due = new Map<number, Task[]>()
  let now = 0

  return {
    clock,
    schedule(ms, run) {
      const at = Math.max(now, Math.ceil(clock.monotonic() - start + Math.max(0, ms)))
      const task = { run, isCancelled: false }
      const tasks = due.get(at)
      if (tasks === undefined) due.set(at, [task])
      else tasks.push(task)
      return () => {
        task.isCancelled = true
      }
    },
    async runTo(end) {
      for (; now <= end; now++) {
        clock.advance(Math.max(0, start + now - clock.monotonic()))
        // What is due may make more due within the same millisecond.
        for (let tasks = due.get(now); tasks !== undefined; tasks = due.get(now)) {
          due.delete(now)
          for (const task of tasks) if (!task.isCancelled) task.run()
          await turn()
        }
      }
    },
  }
}
