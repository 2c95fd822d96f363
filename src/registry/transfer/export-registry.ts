import { type Clock, systemClock } from '../../core/clock.ts'
import { type EntityKind, entityKinds, type Store, type StoredEntity } from '../../store/contract.ts'
import type { Actor } from '../actor.ts'
import { ROOT_KEY } from '../root-key.ts'
import { createSealedValue } from '../sealed-value.ts'
import { decodeRecord } from '../stored/codec.ts'
import { createSync } from '../sync.ts'
import { systemPause } from '../timers.ts'
import { readEntry } from '../trail/chain.ts'
import type { Vault } from '../vault.ts'
import { createRegistryWriter } from '../writer.ts'
import { transferLines } from './transfer-file.ts'

export interface ExportOptions {
  readonly store: Store
  readonly vault: Vault
  readonly actor: Actor
  /** Sealed values in the store that go with the registry (`gateway-signing-key`). */
  readonly blobNames?: readonly string[]
  readonly clock?: Clock
}

export type EntityCounts = Readonly<Record<EntityKind, number>>

export interface Exported {
  /** The file, with line feeds. */
  readonly lines: Iterable<string>
  readonly counts: EntityCounts
  /** Of them those that this version cannot read; they are in the file as they are kept. */
  readonly unreadable: number
}

/**
 * Everything that the store holds of the registry at one position, as `transfer-file.ts` writes it, secrets sealed as
 * they are. The audit trail is told first. Rejects with VaultError for a wrong master key, with RegistryUnavailable,
 * and with what the store rejects with.
 */
export async function exportRegistry({
  store,
  vault,
  actor,
  blobNames = [],
  clock = systemClock,
}: ExportOptions): Promise<Exported> {
  const root = await createSealedValue({ blobs: store.blobs, vault, name: ROOT_KEY }).read()
  if (root === null) throw new Error('There is no registry in this store: nothing was ever written to it.')
  const { position, entities } = await store.registry.fetch(null)
  const counts = countsOf(entities)
  await tell({ store, vault, actor, clock, after: { ...position, entities: counts } })
  const last = await store.audit.last()
  const entry = last && readEntry(last)
  return {
    counts,
    unreadable: entities.filter((entity) => 'message' in decodeRecord(entity)).length,
    lines: transferLines({
      head: {
        exported_at: new Date(clock.now()).toISOString(),
        registry: { ...position, audit: entry && { sequence: entry.sequence, hmac: entry.hmac } },
        sealed: await sealedValues(store, [ROOT_KEY, ...blobNames]),
      },
      entities,
      root,
    }),
  }
}

interface TellOptions extends Required<Pick<ExportOptions, 'store' | 'vault' | 'actor' | 'clock'>> {
  readonly after: unknown
}

async function tell({ store, vault, actor, clock, after }: TellOptions): Promise<void> {
  const sync = createSync({ store, vault, clock })
  await sync.start()
  try {
    const writer = createRegistryWriter({ store, sync, vault, clock, pause: systemPause })
    await writer.append(actor, [{ action: 'registry.export', entity: null, after }])
  } finally {
    await sync.stop()
  }
}

async function sealedValues(
  { blobs }: Store,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const values: [string, string][] = []
  for (const name of names) {
    const sealed = await blobs.get(name)
    if (sealed !== null) values.push([name, Buffer.from(sealed).toString('base64')])
  }
  return Object.fromEntries(values)
}

export function countsOf(entities: readonly Pick<StoredEntity, 'kind'>[]): EntityCounts {
  const counts = Object.fromEntries(entityKinds.map((kind) => [kind, 0])) as Record<EntityKind, number>
  for (const { kind } of entities) counts[kind] += 1
  return counts
}
