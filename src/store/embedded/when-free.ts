import { setTimeout as sleep } from 'node:timers/promises'

/** How long a statement may hold up the whole process, waiting for another's write, ms. */
export const BLOCKING_MS = 20
/** How long a write waits for another process's in all, ms. */
const WAIT_MS = 2_000
const AGAIN_MS = 25

/** Tries again while another process writes, and lets everything else go on meanwhile. Rejects with SQLite's errors by name. */
export async function whenFree<Result>(work: () => Result): Promise<Result> {
  const end = performance.now() + WAIT_MS
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isLocked(error) || performance.now() > end) throw named(error)
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

/** https://www.sqlite.org/rescode.html: what an operator can do something about. */
const codes: Readonly<Record<number, string>> = {
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  26: 'SQLITE_NOTADB',
}

/** With SQLite's own name as its code: Node calls them all `ERR_SQLITE_ERROR`, and logs tell causes by code alone. */
function named(error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error
  const code = codes[error.errcode & 0xff]
  return code === undefined ? error : Object.assign(new Error(error.message, { cause: error }), { code })
}
