import type { SealedBlobStore } from '../../store/contract.ts'
import { type Vault, VaultError } from '../vault.ts'

/** `replaced`: another value stood there, which processes that run may still go by. */
export type SealedOutcome = 'made' | 'same' | 'replaced'

interface PutSealedOptions {
  readonly blobs: SealedBlobStore
  readonly vault: Vault
  readonly name: string
  /** As the vault has sealed it, under any of its keys. */
  readonly sealed: Uint8Array
}

const MAX_ATTEMPTS = 10

/** Puts a sealed value in its place in a store. Rejects with VaultError where it cannot be opened. */
export async function putSealed({ blobs, vault, name, sealed }: PutSealedOptions): Promise<SealedOutcome> {
  const value = vault.open(name, sealed)
  const next = vault.rewrap(name, sealed) ?? sealed
  let hadAnother = false
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const current = await blobs.get(name)
    if (current === null) {
      if (isSame(vault, name, await blobs.create(name, next), value)) return 'made'
    } else if (isSame(vault, name, current, value)) return hadAnother ? 'replaced' : 'same'
    else {
      if (await blobs.replace(name, current, next)) return 'replaced'
      hadAnother = true
    }
  }
  throw new Error(`the sealed value ${JSON.stringify(name)} is being changed by others all the time`)
}

/** What cannot be opened is another one. */
function isSame(vault: Vault, name: string, sealed: Uint8Array, value: Uint8Array): boolean {
  try {
    return Buffer.compare(vault.open(name, sealed), value) === 0
  } catch (error) {
    if (error instanceof VaultError) return false
    throw error
  }
}
