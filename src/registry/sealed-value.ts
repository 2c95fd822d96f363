import type { SealedBlobStore } from '../store/contract.ts'
import type { Vault } from './vault.ts'

/** One secret of the deployment that is made once, by whoever is first, and is the same for all from then on. */
export interface SealedValue {
  /** null: nobody has made it yet. Rejects with VaultError where it cannot be opened. */
  read(): Promise<Uint8Array | null>
  /** Stores the value unless there is one; answers the one that is there then. */
  create(value: Uint8Array): Promise<Uint8Array>
}

export interface SealedValueOptions {
  blobs: SealedBlobStore
  vault: Vault
  /** Its name in the store, for which it is sealed. */
  name: string
}

export function createSealedValue({ blobs, vault, name }: SealedValueOptions): SealedValue {
  return {
    async read() {
      const sealed = await blobs.get(name)
      return sealed === null ? null : vault.open(name, sealed)
    },
    create: async (value) => vault.open(name, await blobs.create(name, vault.seal(name, value))),
  }
}
