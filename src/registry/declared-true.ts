import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { SealedBlobStore } from '../store/contract.ts'
import type { Vault } from './vault.ts'

/**
 * A registry that lost what was in it is believed again once somebody says so: by an import, or by `accept_reset`. The
 * word is left in the store, sealed, so that every replica hears it.
 */
export const DECLARED_TRUE = 'declared-true'

const shape = z.strictObject({ id: z.string(), epoch: z.string() })

/** `id` is another each time it is said. */
export type Declaration = Readonly<z.output<typeof shape>>

interface DeclarationOptions {
  readonly blobs: SealedBlobStore
  readonly vault: Vault
}

/** null: nothing was declared, or by somebody with another master key. */
export async function readDeclaration({ blobs, vault }: DeclarationOptions): Promise<Declaration | null> {
  const sealed = await blobs.get(DECLARED_TRUE)
  if (sealed === null) return null
  try {
    return shape.parse(JSON.parse(Buffer.from(vault.open(DECLARED_TRUE, sealed)).toString()))
  } catch {
    return null
  }
}

const MAX_ATTEMPTS = 5

/** Says that what the store holds under this epoch, whatever was there before, is true. */
export async function declareTrue({ blobs, vault }: DeclarationOptions, epoch: string): Promise<Declaration> {
  const declaration = { id: randomBytes(12).toString('hex'), epoch }
  const sealed = vault.seal(DECLARED_TRUE, Buffer.from(JSON.stringify(declaration)))
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const current = await blobs.create(DECLARED_TRUE, sealed)
    if (Buffer.compare(current, sealed) === 0) return declaration
    if (await blobs.replace(DECLARED_TRUE, current, sealed)) return declaration
  }
  throw new Error('others are declaring what is true at the same time')
}
