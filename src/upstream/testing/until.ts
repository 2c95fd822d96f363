import { setImmediate } from 'node:timers/promises'

/** Waits, turn by turn of the event loop, until a condition holds; fails after five seconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 5_000
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error(`never: ${what}`)
    await setImmediate()
  }
}
