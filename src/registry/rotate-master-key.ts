import { type Clock, systemClock } from '../core/clock.ts'
import type { Store } from '../store/contract.ts'
import type { Actor } from './actor.ts'
import { DECLARED_TRUE } from './declared-true.ts'
import { ROOT_KEY } from './root-key.ts'
import type { KindedRecord, StoredCredential } from './stored/records.ts'
import type { StoredState } from './stored/state.ts'
import { createSync } from './sync.ts'
import { systemPause, type Pause } from './timers.ts'
import { AUDIT_ANCHOR, AUDIT_HEAD } from './trail/mark.ts'
import type { Vault } from './vault.ts'
import { createRegistryWriter } from './writer.ts'

export interface RotateOptions {
  readonly store: Store
  /** Its first key is the new one; the others open what is sealed under them. */
  readonly vault: Vault
  readonly actor: Actor
  /** Sealed values in the store beside the registry's own (`gateway-signing-key`). */
  readonly blobNames?: readonly string[]
  readonly clock?: Clock
  readonly pause?: Pause
  readonly batchSize?: number
}

export interface Rotated {
  readonly credentials: number
  readonly blobs: number
}

const ownBlobs = [ROOT_KEY, AUDIT_HEAD, AUDIT_ANCHOR, DECLARED_TRUE]
const MAX_ATTEMPTS = 10

/**
 * Wraps everything that is sealed in the store under the vault's first key, some at a time, while replicas go on. May
 * be broken off and run again; what is done is done. When it has ended, nothing needs the other keys any more. Rejects
 * with VaultError for what none of the keys opens, and with RegistryUnavailable.
 */
export async function rotateMasterKey({
  store,
  vault,
  actor,
  blobNames = [],
  clock = systemClock,
  pause = systemPause,
  batchSize = 200,
}: RotateOptions): Promise<Rotated> {
  const sync = createSync({ store, vault, clock })
  await sync.start()
  try {
    const writer = createRegistryWriter({ store, sync, vault, clock, pause })
    let credentials = 0
    for (;;) {
      const { result } = await writer.write(actor, (state) => rewrapSome(state, vault, batchSize), {
        keepsVersions: true,
      })
      credentials += result
      if (result < batchSize) break
    }
    let blobs = 0
    for (const name of [...ownBlobs, ...blobNames]) if (await rewrapBlob(store, vault, name)) blobs += 1
    if (credentials + blobs > 0) {
      const after = { credentials, blobs }
      await writer.append(actor, [{ action: 'master_key.rotate', entity: null, after }])
    }
    return { credentials, blobs }
  } finally {
    await sync.stop()
  }
}

function rewrapSome({ credentials }: StoredState, vault: Vault, most: number) {
  const puts: KindedRecord[] = []
  for (const record of credentials.values()) {
    if (puts.length === most) break
    const sealed = rewrapped(record, vault)
    if (sealed !== null) puts.push({ kind: 'credential', record: { ...record, sealed } })
  }
  return { puts, audit: [], result: puts.length }
}

function rewrapped({ id, sealed }: StoredCredential, vault: Vault): string | null {
  if (sealed === null) return null
  const anew = vault.rewrap(id, Buffer.from(sealed, 'base64'))
  return anew && Buffer.from(anew).toString('base64')
}

async function rewrapBlob({ blobs }: Store, vault: Vault, name: string): Promise<boolean> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const current = await blobs.get(name)
    const next = current && vault.rewrap(name, current)
    if (current === null || next === null) return false
    if (await blobs.replace(name, current, next)) return true
  }
  throw new Error(`the sealed value ${JSON.stringify(name)} is being changed by others all the time`)
}
