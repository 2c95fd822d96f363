import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { checkBatch, MAX_DELETED } from '../bounds.ts'
import type {
  EntityKey,
  EntityKind,
  RegistryBatch,
  RegistryPosition,
  RegistryStore,
  StoredEntity,
} from '../contract.ts'
import { createListeners } from '../listeners.ts'
import { transact } from './transact.ts'

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
  const all = database.prepare('SELECT kind, id, json FROM entity WHERE json IS NOT NULL')
  const since = database.prepare('SELECT kind, id, json FROM entity WHERE revision > ?')
  const put = database.prepare(
    `INSERT INTO entity (kind, id, json, revision) VALUES (?, ?, ?, ?)
     ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json, revision = excluded.revision`,
  )
  const remove = database.prepare(
    'UPDATE entity SET json = NULL, revision = ? WHERE kind = ? AND id = ? AND json IS NOT NULL',
  )
  const advance = database.prepare('UPDATE registry SET revision = ?')
  const oldest = database.prepare(
    'SELECT revision FROM entity WHERE json IS NULL ORDER BY revision DESC LIMIT 1 OFFSET ?',
  )
  const forget = database.prepare('DELETE FROM entity WHERE json IS NULL AND revision <= ?')
  const raise = database.prepare('UPDATE registry SET floor = ?')
  const lastEntry = database.prepare('SELECT coalesce(max(sequence), 0) AS sequence FROM audit_entry')
  const addEntry = database.prepare('INSERT INTO audit_entry (sequence, at, json) VALUES (?, ?, ?)')
  transact(database, () => begin.run(randomUUID()))

  function stand(): Standing {
    const row = standing.get()
    return {
      epoch: String(row?.['epoch']),
      revision: Number(row?.['revision']),
      floor: Number(row?.['floor']),
    }
  }

  function write({ puts, deletes }: RegistryBatch, revision: number): void {
    for (const { kind, id, json } of puts) put.run(kind, id, json, revision)
    for (const { kind, id } of deletes) remove.run(revision, kind, id)
    advance.run(revision)
    const forgotten = oldest.get(MAX_DELETED)?.['revision']
    if (forgotten === undefined) return
    forget.run(forgotten)
    raise.run(forgotten)
  }

  function isBeside({ audit }: RegistryBatch, expected: RegistryPosition | null, now: Standing): boolean {
    const isElsewhere =
      expected !== null && (expected.epoch !== now.epoch || expected.revision !== now.revision)
    const next = Number(lastEntry.get()?.['sequence']) + 1
    return isElsewhere || audit.some(({ sequence }, index) => sequence !== next + index)
  }

  return {
    async fetch(known) {
      return transact(database, () => {
        const { epoch, revision, floor } = stand()
        const isReached =
          known !== null && known.epoch === epoch && known.revision <= revision && known.revision >= floor
        const rows = (isReached ? since.all(known.revision) : all.all()) as unknown as Row[]
        return {
          position: { epoch, revision },
          whole: !isReached,
          entities: rows.flatMap(({ kind, id, json }): StoredEntity[] =>
            json === null ? [] : [{ kind, id, json }],
          ),
          deleted: rows.flatMap(({ kind, id, json }): EntityKey[] => (json === null ? [{ kind, id }] : [])),
        }
      })
    },
    async commit(batch, expected) {
      checkBatch(batch, expected)
      const isChange = batch.puts.length + batch.deletes.length > 0
      const position = transact(database, () => {
        const now = stand()
        if (isBeside(batch, expected, now)) return null
        const revision = now.revision + Number(isChange)
        if (isChange) write(batch, revision)
        for (const { sequence, at, json } of batch.audit) addEntry.run(sequence, at, json)
        return { epoch: now.epoch, revision }
      })
      if (position === null) return { kind: 'conflict' }
      if (isChange) queueMicrotask(() => listeners.tell(position))
      return { kind: 'committed', position }
    },
    watch: (listener) => listeners.add(listener),
  }
}
