import { readFile as readWhole, stat } from 'node:fs/promises'
import type { Clock } from '../core/clock.ts'
import { withDeadline } from './deadline.ts'

export interface FileText {
  readonly text: string
  /** Another version means that the file may have changed. */
  readonly version: string
}

/** Reads a file unless it still has the version `known`, which answers null. Rejects where it cannot be read. */
export type ReadFile = (path: string, known: string | null) => Promise<FileText | null>

const MAX_BYTES = 1024 * 1024

/**
 * The `ReadFile` of the real file system, for files to 1 MiB. Links are followed: Kubernetes changes a projected file
 * by pointing a link at a new folder, so the inode counts beside the time.
 */
export const readIfChanged: ReadFile = async (path, known) => {
  const found = await stat(path, { bigint: true })
  const version = `${found.ino}:${found.size}:${found.mtimeNs}`
  if (version === known) return null
  // A pipe would block a thread until somebody writes to it.
  if (!found.isFile()) throw new Error(`${path} is not a file`)
  if (found.size > MAX_BYTES) throw new Error(`${path} is larger than ${MAX_BYTES} bytes`)
  return { text: await readWhole(path, 'utf8'), version }
}

export interface WatchedFileOptions {
  path: string
  readFile: ReadFile
  clock: Clock
  /** How long a check holds, ms. */
  checkMs?: number
  timeoutMs?: number
}

/**
 * The text of a file that others replace, without surrounding space. Answers at once while the last check holds, then
 * looks whether the file changed. A file that has become unreadable keeps its last text; one that never was rejects.
 */
export function createWatchedFile({
  path,
  readFile,
  clock,
  checkMs = 1_000,
  timeoutMs = 5_000,
}: WatchedFileOptions): () => string | Promise<string> {
  let held: FileText | null = null
  let checkedAt = -Infinity
  let checking: Promise<string> | null = null

  async function check(): Promise<string> {
    try {
      const read = await withDeadline(timeoutMs, () => readFile(path, held?.version ?? null))
      if (read !== null) held = { text: read.text.trim(), version: read.version }
    } catch (error) {
      if (held === null) throw error
    }
    if (held === null) throw new Error(`${path} could not be read`)
    checkedAt = clock.monotonic()
    return held.text
  }

  return () => {
    if (held !== null && clock.monotonic() - checkedAt < checkMs) return held.text
    checking ??= check().finally(() => {
      checking = null
    })
    return checking
  }
}
