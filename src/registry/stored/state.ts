import type {
  EntityKey,
  EntityKind,
  RegistryChanges,
  RegistryPosition,
  StoredEntity,
} from '../../store/contract.ts'
import { nameKey } from '../schema/names.ts'
import { decodeRecord } from './codec.ts'
import type { KindedRecord, RecordOf, StoredConnection, StoredKey } from './records.ts'
import { createTable, type Table } from './table.ts'

/** An entity that this version cannot read. It is left as it is, and takes no part. */
export interface UnreadableEntity {
  readonly entity: StoredEntity
  readonly message: string
}

/** Everything that the store holds of the registry at one position; immutable. */
export interface StoredState {
  readonly position: RegistryPosition
  readonly credentials: ReadonlyMap<string, RecordOf['credential']>
  readonly models: ReadonlyMap<string, RecordOf['model']>
  readonly connections: ReadonlyMap<string, RecordOf['connection']>
  readonly teams: ReadonlyMap<string, RecordOf['team']>
  readonly keys: ReadonlyMap<string, RecordOf['key']>
  readonly routes: ReadonlyMap<string, RecordOf['route']>
  /** By a name that may differ in capitals or composition. Inline credentials have none. */
  named<Kind extends NamedKind>(kind: Kind, name: string): RecordOf[Kind] | undefined
  /** In the order in which they were added. */
  connectionsOfModel(modelId: string): readonly StoredConnection[]
  connectionsOfCredential(credentialId: string): readonly StoredConnection[]
  keyOfToken(tokenId: string): StoredKey | undefined
  readonly unreadable: ReadonlyMap<string, UnreadableEntity>
  /**
   * The state with changes applied: those since this position, or, `whole`, all there is. Costs what has changed and
   * at most a copy of the maps it is in.
   */
  apply(changes: RegistryChanges): StoredState
}

export type NamedKind = Exclude<EntityKind, 'connection'>

const tables = {
  credential: createTable<RecordOf['credential'], 'name'>({
    keys: { name: ({ name }) => (name === null ? null : nameKey(name)) },
    order: ({ created_at: time }) => time,
  }),
  model: createTable<RecordOf['model'], 'name'>({
    keys: { name: ({ name }) => nameKey(name) },
    order: ({ added_on: time }) => time,
  }),
  connection: createTable<RecordOf['connection'], 'model' | 'credential'>({
    keys: { model: ({ model_id: id }) => id, credential: ({ credential_id: id }) => id },
    order: ({ added_on: time }) => time,
  }),
  team: createTable<RecordOf['team'], 'name'>({
    keys: { name: ({ name }) => nameKey(name) },
    order: ({ created_at: time }) => time,
  }),
  key: createTable<RecordOf['key'], 'name' | 'token'>({
    keys: { name: ({ name }) => nameKey(name), token: ({ token_id: id }) => id },
    order: ({ created_at: time }) => time,
  }),
  route: createTable<RecordOf['route'], 'name'>({
    keys: { name: ({ name }) => nameKey(name) },
    order: ({ created_at: time }) => time,
  }),
}

type Tables = typeof tables

/** Of a registry that nothing was ever written to, and of one that is not known yet. */
export const emptyState: StoredState = stateOf({ epoch: '', revision: 0 }, tables, new Map())

function stateOf(
  position: RegistryPosition,
  parts: Tables,
  unreadable: ReadonlyMap<string, UnreadableEntity>,
): StoredState {
  return {
    position,
    credentials: parts.credential.byId,
    models: parts.model.byId,
    connections: parts.connection.byId,
    teams: parts.team.byId,
    keys: parts.key.byId,
    routes: parts.route.byId,
    named<Kind extends NamedKind>(kind: Kind, name: string) {
      const table = parts[kind] as Table<RecordOf[NamedKind], 'name'>
      return table.find('name', nameKey(name))[0] as RecordOf[Kind] | undefined
    },
    connectionsOfModel: (id) => parts.connection.find('model', id),
    connectionsOfCredential: (id) => parts.connection.find('credential', id),
    keyOfToken: (id) => parts.key.find('token', id)[0],
    unreadable,
    apply({ whole, entities, deleted, position: next }) {
      const read = readAll(entities)
      return stateOf(
        next,
        changed(whole ? tables : parts, read, deleted),
        stillUnreadable(whole ? new Map() : unreadable, read, deleted),
      )
    },
  }
}

interface Read {
  readonly records: readonly KindedRecord[]
  readonly unreadable: readonly UnreadableEntity[]
}

function readAll(entities: readonly StoredEntity[]): Read {
  const records: KindedRecord[] = []
  const unreadable: UnreadableEntity[] = []
  for (const entity of entities) {
    const record = decodeRecord(entity)
    if ('message' in record) unreadable.push({ entity, message: record.message })
    else records.push(record)
  }
  return { records, unreadable }
}

function changed(parts: Tables, { records, unreadable }: Read, deleted: readonly EntityKey[]): Tables {
  const byKind = Map.groupBy(records, ({ kind }) => kind)
  const gone = Map.groupBy([...deleted, ...unreadable.map(({ entity }) => entity)], ({ kind }) => kind)
  // What is of a kind has its record.
  const puts = <Kind extends EntityKind>(kind: Kind) =>
    (byKind.get(kind) ?? []).map(({ record }) => record as RecordOf[Kind])
  const deletes = (kind: EntityKind) => (gone.get(kind) ?? []).map(({ id }) => id)
  return {
    credential: parts.credential.change(puts('credential'), deletes('credential')),
    model: parts.model.change(puts('model'), deletes('model')),
    connection: parts.connection.change(puts('connection'), deletes('connection')),
    team: parts.team.change(puts('team'), deletes('team')),
    key: parts.key.change(puts('key'), deletes('key')),
    route: parts.route.change(puts('route'), deletes('route')),
  }
}

function stillUnreadable(
  before: ReadonlyMap<string, UnreadableEntity>,
  { records, unreadable }: Read,
  deleted: readonly EntityKey[],
): ReadonlyMap<string, UnreadableEntity> {
  if (before.size === 0 && unreadable.length === 0) return before
  const after = new Map(before)
  const keyOf = ({ kind, id }: EntityKey) => `${kind} ${id}`
  for (const key of deleted) after.delete(keyOf(key))
  for (const { kind, record } of records) after.delete(keyOf({ kind, id: record.id }))
  for (const item of unreadable) after.set(keyOf(item.entity), item)
  return after
}
