import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import type { SealedBlobStore } from '../store/contract.ts'
import { createSealedValue } from './sealed-value.ts'
import type { Vault } from './vault.ts'

const KEY_BYTES = 32
export const ROOT_KEY = 'root-key'

/**
 * What the registry derives from its root key, the same in every replica whatever master key it seals under. They
 * print as nothing of the keys.
 */
export interface RegistryKeys {
  readonly root: KeyObject
  /** Of credentials' versions, so that nobody can guess a secret from one. */
  readonly version: KeyObject
  /** Of secrets' fingerprints, for the same reason. */
  readonly fingerprint: KeyObject
  /** Of the audit trail. */
  readonly audit: KeyObject
}

interface LoadOptions {
  readonly blobs: SealedBlobStore
  readonly vault: Vault
  /** Kept from before: put back where the store has none, so that versions stay. */
  readonly known?: KeyObject | null
}

/**
 * The root key: 32 random bytes, sealed in the store and made once, by whoever is first. Rejects with VaultError where
 * it cannot be opened, which is what a wrong master key comes to, and with what the store rejects with.
 */
export async function loadRegistryKeys({ blobs, vault, known = null }: LoadOptions): Promise<RegistryKeys> {
  const value = createSealedValue({ blobs, vault, name: ROOT_KEY })
  const kept = await value.read()
  return deriveRegistryKeys(kept ?? (await value.create(known?.export() ?? randomBytes(KEY_BYTES))))
}

export function deriveRegistryKeys(root: Uint8Array): RegistryKeys {
  if (root.length !== KEY_BYTES) throw new Error('the root key has not its length')
  const key = createSecretKey(root)
  return {
    root: key,
    version: derive(key, 'credential-version'),
    fingerprint: derive(key, 'fingerprint'),
    audit: derive(key, 'audit'),
  }
}

/** RFC 5869. */
function derive(key: KeyObject, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, '', `modelgate\0root\0${purpose}`, KEY_BYTES)))
}
