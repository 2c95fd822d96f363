import { setTimeout as sleep } from 'node:timers/promises'

/** How long a statement may hold up the whole process, waiting for another's write, ms. */
export const BLOCKING_MS = 20
/** How long a write waits for another process's in all, ms. */
const WAIT_MS = 2_000
const AGAIN_MS = 25

/** Tries again while another process writes, and lets everything else go on meanwhile. */
export async function whenFree<Result>(work: () => Result): Promise<Result> {
  const end = performance.now() + WAIT_MS
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isLocked(error) || performance.now() > end) throw error
      await sleep(AGAIN_MS)
    }
  }
}

/** https://www.sqlite.org/rescode.html#busy, with its extended codes */
export function isLocked(error: unknown): boolean {
  return (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    (error.errcode & 0xff) === 5
  )
}
