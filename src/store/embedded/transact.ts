import type { DatabaseSync } from 'node:sqlite'

/** Runs `work` as one write: all of it or, where it throws, nothing. */
export function transact<Result>(database: DatabaseSync, work: () => Result): Result {
  return within('BEGIN IMMEDIATE', database, work)
}

/** Runs `work`, which only reads, on one state of the database. In WAL mode it waits for no writer. */
export function readAsOne<Result>(database: DatabaseSync, work: () => Result): Result {
  return within('BEGIN', database, work)
}

function within<Result>(begin: string, database: DatabaseSync, work: () => Result): Result {
  database.exec(begin)
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // A full disk has ended the transaction already.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
