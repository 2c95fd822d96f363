import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { checkBatch, MAX_DELETED } from '../bounds.ts'
import type {
  CommitResult,
  EntityKey,
  EntityKind,
  RegistryBatch,
  RegistryChanges,
  RegistryPosition,
  RegistryStore,
  StoredEntity,
} from '../contract.ts'
import { createListeners } from '../listeners.ts'
import { readAsOne, transact } from './transact.ts'
import { whenFree } from './when-free.ts'

interface Row {
  readonly kind: EntityKind
  readonly id: string
  readonly json: string | null
}

interface Standing extends RegistryPosition {
  readonly floor: number
}

/** An entity's row keeps the revision of its last change, and stays, without its JSON, when it is deleted. */
export function createRegistry(database: DatabaseSync): RegistryStore {
  const listeners = createListeners<RegistryPosition>()
  const begin = database.prepare(
    'INSERT INTO registry (only, epoch, revision, floor) VALUES (1, ?, 0, 0) ON CONFLICT DO NOTHING',
  )
  const standing = database.prepare('SELECT epoch, revision, floor FROM registry')
  const selectAll = database.prepare('SELECT kind, id, json FROM entity WHERE json IS NOT NULL')
  const selectSince = database.prepare('SELECT kind, id, json FROM entity WHERE revision > ?')
  const write = createWriter(database)
  begin.run(randomBytes(12).toString('hex'))

  const stand = () => standing.get() as unknown as Standing

  function changes(since: RegistryPosition | null): RegistryChanges {
    const { epoch, revision, floor } = stand()
    const isKnown = since?.epoch === epoch && since.revision <= revision && since.revision >= floor
    const rows = (isKnown ? selectSince.all(since.revision) : selectAll.all()) as unknown as Row[]
    const entities: StoredEntity[] = []
    const deleted: EntityKey[] = []
    for (const { kind, id, json } of rows) {
      if (json === null) deleted.push({ kind, id })
      else entities.push({ kind, id, json })
    }
    return { position: { epoch, revision }, whole: !isKnown, entities, deleted }
  }

  function commit(batch: RegistryBatch, expected: RegistryPosition | null): CommitResult {
    const { epoch, revision } = stand()
    const isThere = expected === null || (expected.epoch === epoch && expected.revision === revision)
    if (!isThere || !write.continuesTrail(batch)) return { kind: 'conflict' }
    write.audit(batch)
    const next = revision + Number(isChange(batch))
    if (next > revision) write.entities(batch, next)
    return { kind: 'committed', position: { epoch, revision: next } }
  }

  return {
    fetch: (since) => whenFree(() => readAsOne(database, () => changes(since))),
    async commit(batch, expected) {
      checkBatch(batch, expected)
      const result = await whenFree(() => transact(database, () => commit(batch, expected)))
      if (result.kind === 'committed' && isChange(batch))
        queueMicrotask(() => listeners.tell(result.position))
      return result
    },
    watch: (listener) => listeners.add(listener),
  }
}

function isChange({ puts, deletes }: RegistryBatch): boolean {
  return puts.length + deletes.length > 0
}

/** The statements of one commit; the caller has a transaction open. */
function createWriter(database: DatabaseSync) {
  const put = database.prepare(
    `INSERT INTO entity (kind, id, json, revision) VALUES (?, ?, ?, ?)
     ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json, revision = excluded.revision`,
  )
  const remove = database.prepare(
    'UPDATE entity SET json = NULL, revision = ? WHERE kind = ? AND id = ? AND json IS NOT NULL',
  )
  const move = database.prepare('UPDATE registry SET revision = ?')
  // Of the deleted, the newest that is one too many. Those of one revision are forgotten together.
  const selectForgotten = database.prepare(
    'SELECT revision FROM entity WHERE json IS NULL ORDER BY revision DESC LIMIT 1 OFFSET ?',
  )
  const forget = database.prepare('DELETE FROM entity WHERE json IS NULL AND revision <= ?')
  const raiseFloor = database.prepare('UPDATE registry SET floor = ?')
  const lastEntry = database.prepare('SELECT coalesce(max(sequence), 0) AS sequence FROM audit_entry')
  const append = database.prepare('INSERT INTO audit_entry (sequence, at, json) VALUES (?, ?, ?)')

  return {
    continuesTrail({ audit }: RegistryBatch): boolean {
      const last = audit.length === 0 ? 0 : Number(lastEntry.get()?.['sequence'])
      return audit.every(({ sequence }, index) => sequence === last + 1 + index)
    },
    audit({ audit }: RegistryBatch): void {
      for (const { sequence, at, json } of audit) append.run(sequence, at, json)
    },
    entities({ puts, deletes }: RegistryBatch, revision: number): void {
      for (const { kind, id, json } of puts) put.run(kind, id, json, revision)
      for (const { kind, id } of deletes) remove.run(revision, kind, id)
      move.run(revision)
      const forgotten = selectForgotten.get(MAX_DELETED)?.['revision']
      if (forgotten === undefined) return
      forget.run(forgotten)
      raiseFloor.run(forgotten)
    },
  }
}
