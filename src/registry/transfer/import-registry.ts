import { type Clock, systemClock } from '../../core/clock.ts'
import { type EntityKey, entityKinds, type Store } from '../../store/contract.ts'
import type { Actor } from '../actor.ts'
import { createCredentialSecrets } from '../credential-secrets.ts'
import { declareTrue } from '../declared-true.ts'
import { deriveRegistryKeys, ROOT_KEY } from '../root-key.ts'
import { createSealedValue } from '../sealed-value.ts'
import type { StoredState } from '../stored/state.ts'
import { createSync } from '../sync.ts'
import { systemPause, type Pause } from '../timers.ts'
import type { Vault } from '../vault.ts'
import { type Change, createRegistryWriter } from '../writer.ts'
import { countsOf, type EntityCounts } from './export-registry.ts'
import { checkRecords, type ImportedRecord, settleRecord } from './imported-records.ts'
import { putSealed, type SealedOutcome } from './put-sealed.ts'
import type { Transfer } from './transfer-file.ts'

export interface ImportOptions {
  readonly store: Store
  readonly vault: Vault
  readonly file: Transfer
  /** What the store holds goes, where it is not in the file. Without it a store that holds anything is refused. */
  readonly replace?: boolean
  readonly actor: Actor
  /** As `ExportOptions`. */
  readonly blobNames?: readonly string[]
  readonly clock?: Clock
  readonly pause?: Pause
}

export interface Imported {
  readonly counts: EntityCounts
  /** What was in the store and is not in the file. */
  readonly removed: EntityCounts
  /** `file`: fingerprints and versions stay; `store`: it had one, and fingerprints were made anew under it. */
  readonly rootKey: 'file' | 'store'
  /** By name, what became of each sealed value beside the registry. */
  readonly sealed: Readonly<Record<string, SealedOutcome>>
}

/**
 * Writes what a file holds into the store, all of it or nothing, and says that it is true, so that replicas which do
 * not believe the store take it up. Throws an Error where the file cannot be taken whole or the store is not empty,
 * before anything is written; rejects with VaultError and RegistryUnavailable.
 */
export async function importRegistry(options: ImportOptions): Promise<Imported> {
  const { store, vault, file, replace = false, actor, blobNames = [] } = options
  const { clock = systemClock, pause = systemPause } = options
  const { blobs } = store
  const names = blobNames.filter((name) => file.head.sealed[name] !== undefined)
  const sealedOf = (name: string) => Buffer.from(file.head.sealed[name] ?? '', 'base64')
  const records = checkRecords({
    file,
    vault,
    sealed: names.map((name): [string, Uint8Array] => [name, sealedOf(name)]),
  })
  requireRoom((await store.registry.fetch(null)).entities.length, replace)
  // Before anything else makes one: with the file's own, fingerprints and versions stay.
  const root = await createSealedValue({ blobs, vault, name: ROOT_KEY }).create(file.root)
  const rootKey = Buffer.compare(root, file.root) === 0 ? 'file' : 'store'
  const secrets = createCredentialSecrets({ vault, keys: () => deriveRegistryKeys(root) })
  const sync = createSync({ store, vault, clock })
  await sync.start()
  try {
    const writer = createRegistryWriter({ store, sync, vault, clock, pause })
    const { result: removed, state } = await writer.write(
      actor,
      (before) => {
        requireRoom(keysOf(before).length, replace)
        const settle = (record: ImportedRecord) =>
          settleRecord({ record, before, vault, secrets: rootKey === 'file' ? null : secrets })
        return changeOf({ before, records, settle, rootKey, head: file.head })
      },
      { keepsVersions: true },
    )
    const sealed: [string, SealedOutcome][] = []
    for (const name of names)
      sealed.push([name, await putSealed({ blobs, vault, name, sealed: sealedOf(name) })])
    // Of a registry that is begun with this: known to the store alone until now.
    const { position } = await store.registry.fetch(state.position)
    await declareTrue({ blobs, vault }, position.epoch)
    return { counts: countsOf(records), removed, rootKey, sealed: Object.fromEntries(sealed) }
  } finally {
    await sync.stop()
  }
}

function requireRoom(entities: number, replace: boolean): void {
  if (entities === 0 || replace) return
  throw new Error(
    `The store is not empty (entities: ${entities}). With --replace they go, where they are not in the file.`,
  )
}

interface ChangeOptions {
  readonly before: StoredState
  readonly records: readonly ImportedRecord[]
  readonly settle: (record: ImportedRecord) => ImportedRecord
  readonly rootKey: 'file' | 'store'
  readonly head: Transfer['head']
}

function changeOf({ before, records, settle, rootKey, head }: ChangeOptions): Change<EntityCounts> {
  const inFile = new Set(records.map(({ kind, record }) => `${kind} ${record.id}`))
  const present = keysOf(before)
  const deletes = present.filter(({ kind, id }) => !inFile.has(`${kind} ${id}`))
  const { exported_at, registry } = head
  const after = { from: registry, exported_at, entities: countsOf(records), root_key: rootKey }
  return {
    puts: records.map(settle),
    deletes,
    audit: [{ action: 'registry.import', entity: null, before: { entities: countsOf(present) }, after }],
    result: countsOf(deletes),
  }
}

function keysOf(state: StoredState): EntityKey[] {
  const readable = entityKinds.flatMap((kind): EntityKey[] =>
    [...tableOf(state, kind).keys()].map((id) => ({ kind, id })),
  )
  return [...readable, ...[...state.unreadable.values()].map(({ entity: { kind, id } }) => ({ kind, id }))]
}

function tableOf(state: StoredState, kind: EntityKey['kind']): ReadonlyMap<string, unknown> {
  return state[`${kind}s`]
}
