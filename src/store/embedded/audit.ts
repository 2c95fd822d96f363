import type { DatabaseSync } from 'node:sqlite'
import { checkPageLimit } from '../bounds.ts'
import type { AuditStore, StoredAuditEntry } from '../contract.ts'
import { whenFree } from './when-free.ts'

/** The audit trail; entries come with the registry's commits. */
export function createAudit(database: DatabaseSync): AuditStore {
  const newest = database.prepare('SELECT sequence, at, json FROM audit_entry ORDER BY sequence DESC LIMIT 1')
  const page = database.prepare(
    'SELECT sequence, at, json FROM audit_entry WHERE sequence < ? ORDER BY sequence DESC LIMIT ?',
  )
  // Up to the first that is young enough: clocks may have gone back, and the trail has no gaps.
  const prune = database.prepare(
    `DELETE FROM audit_entry WHERE sequence < (
       SELECT min(newest, coalesce(young, newest)) FROM (
         SELECT max(sequence) AS newest, min(CASE WHEN at >= ? THEN sequence END) AS young FROM audit_entry))`,
  )

  return {
    last: async () => (newest.get() as StoredAuditEntry | undefined) ?? null,
    async page({ before, limit }) {
      checkPageLimit(limit)
      return page.all(before ?? Number.MAX_SAFE_INTEGER, limit) as unknown as StoredAuditEntry[]
    },
    prune: (at) => whenFree(() => Number(prune.run(at).changes)),
  }
}
