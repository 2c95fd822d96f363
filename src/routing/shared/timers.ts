/** Runs a task once, `ms` from now, unless the answer is called before. Tests bring their own. */
export type Schedule = (ms: number, task: () => void) => () => void

/** By the process's own timers, which do not keep it alive. */
export const systemSchedule: Schedule = (ms, task) => {
  const timer = setTimeout(task, ms)
  timer.unref()
  return () => clearTimeout(timer)
}
