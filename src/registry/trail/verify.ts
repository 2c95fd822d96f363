import type { KeyObject } from 'node:crypto'
import type { AuditStore, StoredAuditEntry } from '../../store/contract.ts'
import { VaultError } from '../vault.ts'
import { type AuditEntry, isGenuine, readEntry } from './chain.ts'
import type { AuditMark, AuditMarkStore } from './mark.ts'

export interface AuditVerdict {
  readonly ok: boolean
  /** The oldest and the newest entry there are; null where there is none. */
  readonly from: number | null
  readonly to: number | null
  /** The first entry that does not hold, and in what way. */
  readonly broken: { readonly sequence: number; readonly fault: string } | null
}

interface VerifyOptions {
  readonly trail: AuditStore
  readonly key: KeyObject
  readonly head: AuditMarkStore
  readonly anchor: AuditMarkStore
}

type Broken = AuditVerdict['broken']

const PAGE = 500

const faults = {
  changed: 'It was changed after it was written.',
  moved: 'It stands in the place of another.',
  missing: 'It is missing.',
  unlinked: 'It does not follow the one before it.',
  unreadable: 'Where the trail ends or begins cannot be told, since what says so was changed.',
} as const

/** Walks the trail from its end, since that is where it can be entered, to its beginning; rejects where the store does. */
export async function verifyTrail({ trail, key, head, anchor }: VerifyOptions): Promise<AuditVerdict> {
  const end = await readMark(head)
  const walk = createWalk(key, end === 'unreadable' ? null : end)
  let before: number | null = null
  for (;;) {
    const page: readonly StoredAuditEntry[] = await trail.page({ before, limit: PAGE })
    for (const stored of page) walk.enter(stored)
    before = page.at(-1)?.sequence ?? null
    if (page.length < PAGE || before === null) break
  }
  // Read last: entries may be let go of meanwhile.
  const start = await readMark(anchor)
  const { newest, oldest } = walk
  const to = newest?.sequence ?? null
  const broken =
    beginningFault(oldest, start) ?? walk.broken() ?? endFault(to, end) ?? unreadableMark(to, start)
  return { ok: broken === null, from: oldest?.stored.sequence ?? null, to, broken }
}

interface Seen {
  readonly stored: StoredAuditEntry
  /** null: it does not hold by itself. */
  readonly entry: AuditEntry | null
}

function createWalk(key: KeyObject, end: AuditMark | null) {
  let newest: StoredAuditEntry | null = null
  let oldest: Seen | null = null
  let broken: Broken = null

  function faultOf(stored: StoredAuditEntry): string | null {
    const entry = readEntry(stored)
    if (entry === null || !isGenuine(entry, key)) return faults.changed
    if (entry.sequence !== stored.sequence) return faults.moved
    return end?.sequence === entry.sequence && end.hmac !== entry.hmac ? faults.changed : null
  }

  return {
    get newest() {
      return newest
    },
    get oldest() {
      return oldest
    },
    broken: () => broken,
    /** From newer to older: what is found later comes first in the trail. */
    enter(stored: StoredAuditEntry) {
      const fault = faultOf(stored)
      const entry = fault === null ? readEntry(stored) : null
      const newer = oldest
      if (newer !== null && newer.stored.sequence !== stored.sequence + 1) {
        broken = { sequence: stored.sequence + 1, fault: faults.missing }
      } else if (newer?.entry && entry !== null && newer.entry.previous !== entry.hmac) {
        broken = { sequence: newer.stored.sequence, fault: faults.unlinked }
      }
      if (fault !== null) broken = { sequence: stored.sequence, fault }
      newest ??= stored
      oldest = { stored, entry }
    },
  }
}

function beginningFault(oldest: Seen | null, start: AuditMark | 'unreadable' | null): Broken {
  if (oldest === null || start === 'unreadable') return null
  const { sequence } = oldest.stored
  const gone = start?.sequence ?? 0
  if (sequence > gone + 1) return { sequence: gone + 1, fault: faults.missing }
  if (sequence <= gone || oldest.entry === null) return null
  const previous = start?.hmac ?? null
  return oldest.entry.previous === previous ? null : { sequence, fault: faults.unlinked }
}

/** Every entry is followed by the head, so that a trail without one has lost it. */
function endFault(to: number | null, end: AuditMark | 'unreadable' | null): Broken {
  if (end === 'unreadable') return { sequence: (to ?? 0) + 1, fault: faults.unreadable }
  const last = to ?? 0
  if (end === null) return to === null ? null : { sequence: last + 1, fault: faults.missing }
  return end.sequence > last ? { sequence: last + 1, fault: faults.missing } : null
}

function unreadableMark(to: number | null, start: AuditMark | 'unreadable' | null): Broken {
  return start === 'unreadable' ? { sequence: (to ?? 0) + 1, fault: faults.unreadable } : null
}

async function readMark(mark: AuditMarkStore): Promise<AuditMark | 'unreadable' | null> {
  try {
    return await mark.read()
  } catch (error) {
    if (error instanceof VaultError) return 'unreadable'
    throw error
  }
}
