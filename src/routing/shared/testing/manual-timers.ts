import { createManualClock, type ManualClock } from '../../testing/manual-clock.ts'
import type { Schedule } from '../timers.ts'

export interface ManualTimers {
  readonly clock: ManualClock
  readonly schedule: Schedule
  /** Lets time pass from task to task, each at its own moment; `settled` waits for what a task has set going. */
  advance(ms: number, settled: () => Promise<void>): Promise<void>
}

/** Time that moves only when told, and what is to be done at which moment. */
export function createManualTimers(clock: ManualClock = createManualClock()): ManualTimers {
  const tasks = new Set<{ readonly at: number; readonly run: () => void }>()

  function next() {
    let soonest: { readonly at: number; readonly run: () => void } | null = null
    for (const task of tasks) if (soonest === null || task.at < soonest.at) soonest = task
    return soonest
  }

  return {
    clock,
    schedule(ms, run) {
      const task = { at: clock.monotonic() + Math.max(0, ms), run }
      tasks.add(task)
      return () => tasks.delete(task)
    },
    async advance(ms, settled) {
      const end = clock.monotonic() + ms
      for (;;) {
        const task = next()
        if (task === null || task.at > end) break
        clock.advance(Math.max(0, task.at - clock.monotonic()))
        tasks.delete(task)
        task.run()
        await settled()
      }
      clock.advance(Math.max(0, end - clock.monotonic()))
      await settled()
    },
  }
}
