/** Lets so many pieces of work run at once; the others wait their turn. */
export interface Limiter {
  /** Whether work would begin at once. */
  readonly isFree: boolean
  /** Begins at once where it can. Settles as the work does. */
  run<Result>(work: () => Promise<Result>): Promise<Result>
  /** Once nothing runs or waits. */
  idle(): Promise<void>
}

export function createLimiter(width: number): Limiter {
  const waiting: (() => void)[] = []
  const onIdle: (() => void)[] = []
  let running = 0

  function left(): void {
    running--
    waiting.shift()?.()
    if (running === 0) for (const resolve of onIdle.splice(0)) resolve()
  }

  return {
    get isFree() {
      return running < width
    },
    async run(work) {
      // Who leaves hands its place to who waits, within the same turn.
      if (running >= width) await new Promise<void>((resolve) => waiting.push(() => (running++, resolve())))
      else running++
      try {
        return await work()
      } finally {
        left()
      }
    },
    async idle() {
      if (running > 0) await new Promise<void>((resolve) => onIdle.push(resolve))
    },
  }
}
