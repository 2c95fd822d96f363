/** Runs something after so many ms; answers how to take it back. */
export type After = (ms: number, work: () => void) => () => void

export type Pause = (ms: number) => Promise<void>

/** Keeps no process running. */
export const systemAfter: After = (ms, work) => {
  const timer = setTimeout(work, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

export const systemPause: Pause = (ms) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
