import type { Socket } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'

/** Waits, turn by turn of the event loop, until a condition holds; fails after five seconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 5_000
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error(`never: ${what}`)
    await setImmediate()
  }
}

/** How many bytes a socket could get rid of, once it stands still. */
export async function settledBytes(socket: Socket | undefined): Promise<number> {
  const written = () => (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0)
  for (let before = -1; before !== written(); await setTimeout(50)) before = written()
  return written()
}
