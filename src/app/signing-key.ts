import { createSealedValue, type SealedValue } from '../registry/sealed-value.ts'
import type { Vault } from '../registry/vault.ts'
import type { SealedBlobStore } from '../store/contract.ts'

/** What the store keeps sealed beside the registry: the key under which the gateway's own tokens are signed. */
export const SIGNING_KEY = 'gateway-signing-key'

export function signingKeyIn({ blobs, vault }: { blobs: SealedBlobStore; vault: Vault }): SealedValue {
  return createSealedValue({ blobs, vault, name: SIGNING_KEY })
}
