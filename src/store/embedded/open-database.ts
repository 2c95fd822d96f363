import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { transact } from './transact.ts'
import { isLocked } from './when-free.ts'

const FILE = 'modelgate.db'
/** How long opening waits for another process's write, ms. */
const BUSY_MS = 5_000
/** The same for who wants it alone: a process that has it open keeps it for as long as it runs. */
const BUSY_ALONE_MS = 500

/** Each entry takes the schema one version further; they are only ever added to. */
const migrations: readonly string[] = [
  'CREATE TABLE sealed_blob (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID',
  // One row. `floor`: what was deleted up to that revision is no longer listed.
  `CREATE TABLE registry (
     only INTEGER PRIMARY KEY CHECK (only = 1), epoch TEXT NOT NULL, revision INTEGER NOT NULL, floor INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE entity (
     kind TEXT NOT NULL, id TEXT NOT NULL, json TEXT, revision INTEGER NOT NULL, UNIQUE (kind, id)
   ) STRICT;
   CREATE INDEX entity_by_revision ON entity (revision);
   CREATE INDEX entity_deleted ON entity (revision) WHERE json IS NULL;
   CREATE TABLE audit_entry (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, json TEXT NOT NULL) STRICT;
   CREATE INDEX audit_entry_by_time ON audit_entry (at)`,
]

export interface OpenOptions {
  readonly dataDir: string
  /** Keeps every other process out while it is open. */
  readonly exclusive?: boolean
}

/**
 * Opens `data_dir/modelgate.db`, made with mode 0600 where there is none, and brings its schema up to date. Throws an
 * Error where that cannot be done, where a newer version wrote it, or where another process has it open and it is
 * wanted `exclusive`, or the reverse.
 */
export function openDatabase({ dataDir, exclusive = false }: OpenOptions): DatabaseSync {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const path = join(dataDir, FILE)
  // SQLite would make it readable for others; its side files take the mode of this one.
  closeSync(openSync(path, 'a', 0o600))
  const database = new DatabaseSync(path, { timeout: exclusive ? BUSY_ALONE_MS : BUSY_MS })
  try {
    // https://www.sqlite.org/wal.html, "Use of WAL Without Shared-Memory": set before the first access, the lock is
    // taken with it; and every open connection of WAL mode holds a shared one.
    if (exclusive) database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    migrate(database)
    return database
  } catch (error) {
    database.close()
    const said = error instanceof Error ? error.message : String(error)
    throw new Error(isLocked(error) ? inUse(path, exclusive) : `${path}: ${said}`, { cause: error })
  }
}

function inUse(path: string, exclusive: boolean): string {
  return `${path} is in use by another process${exclusive ? ', which must be stopped for this' : ''}`
}

function migrate(database: DatabaseSync): void {
  transact(database, () => {
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    if (version > migrations.length) {
      throw new Error(`it was written by a newer version (schema ${version}, known: ${migrations.length})`)
    }
    for (const statements of migrations.slice(version)) database.exec(statements)
    database.exec(`PRAGMA user_version = ${migrations.length}`)
  })
}
