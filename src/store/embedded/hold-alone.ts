import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isLocked } from './when-free.ts'

const FILE = 'gateway.lock'
/** How long one that is just ending may take to let go, ms. */
const ENDING_MS = 500

/**
 * Keeps every other gateway off `dataDir` until what it answers is called, or the process ends in whatever way: the lock
 * is the operating system's, by way of SQLite, and so never outlives its holder as a process id in a file would. Commands
 * do not ask for it and work beside a gateway. Throws an Error where another gateway has it.
 */
export function holdAlone(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const path = join(dataDir, FILE)
  makeOwn(path)
  const lock = new DatabaseSync(path, { timeout: ENDING_MS })
  try {
    // Nothing is ever written, so no journal is needed: https://www.sqlite.org/lang_transaction.html, "EXCLUSIVE" takes the
    // lock at once.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (!isLocked(error)) throw new Error(`${path}: ${String(error)}`, { cause: error })
    throw new Error(
      `${dataDir} is served by another gateway; several share their state through Redis, not a directory`,
      { cause: error },
    )
  }
  return () => {
    if (lock.isOpen) lock.close()
  }
}

/** For its owner alone; one that is there is not opened, since closing it again would let go of this process's own lock. */
function makeOwn(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
