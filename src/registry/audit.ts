import type { Store, StoredAuditEntry } from '../store/contract.ts'
import type { Actor } from './actor.ts'
import type { RegistryKeys } from './root-key.ts'
import { type AuditDraft, type AuditEntry, readEntry } from './trail/chain.ts'
import { AUDIT_ANCHOR, AUDIT_HEAD, createAuditMark } from './trail/mark.ts'
import { type AuditVerdict, verifyTrail } from './trail/verify.ts'
import { RegistryUnavailable } from './unavailable.ts'
import type { Vault } from './vault.ts'
import type { RegistryWriter } from './writer.ts'

export type { AuditDraft, AuditEntry } from './trail/chain.ts'
export type { AuditVerdict } from './trail/verify.ts'

/** Who did what, when and from where. All methods throw RegistryUnavailable where the store does not answer. */
export interface Audit {
  /** Entries without a change of the registry: what was revealed, validated or refused. */
  append(actor: Actor, drafts: readonly AuditDraft[]): Promise<void>
  /** Newest first; `before` is a sequence, null for the newest. `limit` is at most 1,000. */
  page(query: { readonly before: number | null; readonly limit: number }): Promise<readonly AuditEntry[]>
  /** Walks the whole trail. */
  verify(): Promise<AuditVerdict>
  /** Lets go of the oldest entries, from before so many ms since 1970. Answers how many. */
  prune(olderThan: number): Promise<number>
}

export interface AuditOptions {
  readonly store: Store
  readonly vault: Vault
  readonly keys: () => RegistryKeys | null
  readonly writer: RegistryWriter
}

export function createAudit({ store, vault, keys, writer }: AuditOptions): Audit {
  const head = createAuditMark({ blobs: store.blobs, vault, name: AUDIT_HEAD })
  const anchor = createAuditMark({ blobs: store.blobs, vault, name: AUDIT_ANCHOR })

  async function at(sequence: number): Promise<StoredAuditEntry | undefined> {
    return (await store.audit.page({ before: sequence + 1, limit: 1 }))[0]
  }

  /** The newest entry from before a time, by halving: entries are as old as their sequence says, but for skewed clocks. */
  async function newestBefore(time: number, last: number): Promise<StoredAuditEntry | null> {
    let found: StoredAuditEntry | null = null
    let low = 1
    let high = last
    while (low <= high) {
      const middle = Math.floor((low + high) / 2)
      const entry = await at(middle)
      if (entry === undefined || entry.at < time) {
        found = entry ?? found
        low = middle + 1
      } else high = middle - 1
    }
    return found
  }

  async function prune(olderThan: number): Promise<number> {
    const last = await store.audit.last()
    if (last === null) return 0
    const newest = await newestBefore(olderThan, last.sequence - 1)
    const entry = newest && readEntry(newest)
    if (!entry) return 0
    // First, so that no moment has entries missing that nobody let go of.
    await anchor.advance(entry)
    return store.audit.prune(olderThan)
  }

  return {
    append: (actor, drafts) => writer.append(actor, drafts),
    page: (query) => answered(async () => (await store.audit.page(query)).map(shown)),
    verify: () =>
      answered(async () => {
        const key = keys()?.audit
        if (key === undefined) throw new RegistryUnavailable('starting')
        return verifyTrail({ trail: store.audit, key, head, anchor })
      }),
    prune: (olderThan) => answered(() => prune(olderThan)),
  }
}

async function answered<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof RegistryUnavailable ? error : new RegistryUnavailable('down', { cause: error })
  }
}

/** What has been tampered with beyond recognition is still there to be seen. */
function shown(stored: StoredAuditEntry): AuditEntry {
  const entry = readEntry(stored)
  if (entry !== null) return entry
  return {
    sequence: stored.sequence,
    at: new Date(stored.at).toISOString(),
    actor: { subject: '', issuer: '', kind: '' },
    address: null,
    action: 'unreadable',
    entity: null,
    before: null,
    after: null,
    request_id: null,
    previous: null,
    hmac: '',
  }
}
