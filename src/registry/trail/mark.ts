import { z } from 'zod'
import type { SealedBlobStore } from '../../store/contract.ts'
import type { Vault } from '../vault.ts'

const shape = z.strictObject({ sequence: z.int().min(0), hmac: z.string() })

/** An entry of the trail that is known apart from it. 0 and no HMAC: there is none yet. */
export type AuditMark = Readonly<z.output<typeof shape>>

/** The newest entry written, so that entries missing at the end are missed. */
export const AUDIT_HEAD = 'audit-head'
/** The newest entry that was let go of with age, so that no others can be missing at the beginning. */
export const AUDIT_ANCHOR = 'audit-anchor'

export interface AuditMarkStore {
  /** null: there is none yet. Rejects with VaultError where it cannot be opened. */
  read(): Promise<AuditMark | null>
  /** Makes it where there is none, for a trail without entries. */
  begin(): Promise<void>
  /** Moves it on, or makes it; an older entry never takes the place of a newer one. */
  advance(mark: AuditMark): Promise<void>
}

interface AuditMarkOptions {
  readonly blobs: SealedBlobStore
  readonly vault: Vault
  readonly name: typeof AUDIT_HEAD | typeof AUDIT_ANCHOR
}

const MAX_ATTEMPTS = 20

export function createAuditMark({ blobs, vault, name }: AuditMarkOptions): AuditMarkStore {
  const open = (sealed: Uint8Array) =>
    shape.parse(JSON.parse(Buffer.from(vault.open(name, sealed)).toString()))

  const seal = ({ sequence, hmac }: AuditMark) =>
    vault.seal(name, Buffer.from(JSON.stringify({ sequence, hmac })))

  return {
    async read() {
      const sealed = await blobs.get(name)
      return sealed === null ? null : open(sealed)
    },
    async begin() {
      await blobs.create(name, seal({ sequence: 0, hmac: '' }))
    },
    async advance(mark) {
      const { sequence } = mark
      const next = seal(mark)
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const current = (await blobs.get(name)) ?? (await blobs.create(name, next))
        if (open(current).sequence >= sequence) return
        if (await blobs.replace(name, current, next)) return
      }
    },
  }
}
