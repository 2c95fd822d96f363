import type { KeyObject } from 'node:crypto'
import type { Store, StoredAuditEntry } from '../../store/contract.ts'
import type { Vault } from '../vault.ts'
import { type AuditEntry, isGenuine, readEntry } from './chain.ts'
import { AUDIT_HEAD, type AuditMark, createAuditMark } from './mark.ts'

/** Keeps, beside the trail, which entry is its newest, so that entries missing at the end are missed. */
export interface AuditHead {
  /** Before the first entry of a trail: a trail without a head has lost it. */
  begin(): Promise<void>
  /**
   * After entries were written. It moves on only along the chain: where entries that it knew of are gone, it stays, and
   * goes on to tell of them.
   */
  advance(written: readonly StoredAuditEntry[], key: KeyObject): Promise<void>
}

/** How far it may lag behind: processes that end between an entry and this leave a few behind. */
const MAX_LAG = 1_000

export function createAuditHead({ store, vault }: { store: Store; vault: Vault }): AuditHead {
  const mark = createAuditMark({ blobs: store.blobs, vault, name: AUDIT_HEAD })

  /** The entries from the head's own, or from the first, to the newest written, oldest first. */
  async function since(
    head: AuditMark,
    written: readonly StoredAuditEntry[],
  ): Promise<readonly StoredAuditEntry[]> {
    const [first] = written
    const between = (first?.sequence ?? 0) - Math.max(head.sequence, 1)
    if (first === undefined || between <= 0) return written
    if (between > MAX_LAG) return []
    const page = await store.audit.page({ before: first.sequence, limit: between })
    return [...page.toReversed(), ...written]
  }

  return {
    begin: () => mark.begin(),
    async advance(written, key) {
      const head = await mark.read()
      const newest = written.at(-1)
      if (head === null || newest === undefined || head.sequence >= newest.sequence) return
      const [first] = written
      const isNext =
        first !== undefined && readEntry(first)?.previous === (head.hmac === '' ? null : head.hmac)
      const entries = isNext && first.sequence === head.sequence + 1 ? written : await since(head, written)
      const last = linked(entries, head, key)
      if (last?.sequence === newest.sequence) await mark.advance(last)
    },
  }
}

/** The last of entries that follow one another, from the head's or after it; null where they do not. */
function linked(entries: readonly StoredAuditEntry[], head: AuditMark, key: KeyObject): AuditEntry | null {
  let before: Pick<AuditEntry, 'sequence' | 'hmac'> | null = null
  let last: AuditEntry | null = null
  for (const stored of entries) {
    const entry = readEntry(stored)
    if (entry === null || !isGenuine(entry, key)) return null
    const isHead = entry.sequence === head.sequence && entry.hmac === head.hmac
    const previous = before ?? (isHead ? null : head)
    const follows = previous === null || entry.sequence === previous.sequence + 1
    const continues = previous === null || (entry.previous ?? '') === previous.hmac
    if (!follows || !continues) return null
    before = entry
    last = entry
  }
  return last
}
