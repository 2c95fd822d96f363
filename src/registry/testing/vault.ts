import { parseMasterKeys } from '../master-key.ts'
import { createVault, type Vault } from '../vault.ts'

/** 32 bytes of one value, as `MODELGATE_MASTER_KEY` has them. */
export function encodedKey(fill: number): string {
  return Buffer.alloc(32, fill).toString('base64')
}

export function createTestVault(keys: string = encodedKey(1)): Vault {
  return createVault({ keys: parseMasterKeys(keys) })
}
