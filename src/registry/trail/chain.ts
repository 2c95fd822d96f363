import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { StoredAuditEntry } from '../../store/contract.ts'
import type { Actor } from '../actor.ts'

/** What is to be told of something that was done. */
export interface AuditDraft {
  /** `credential.update`, `credential.reveal`, `refused` */
  readonly action: string
  readonly entity: { readonly kind: string; readonly id: string; readonly name: string } | null
  /** As `auditable` shows an entity: no secrets. */
  readonly before?: unknown
  readonly after?: unknown
}

const text = z.string()

const entryShape = z.strictObject({
  sequence: z.int(),
  at: text,
  actor: z.strictObject({ subject: text, issuer: text, kind: text }),
  address: text.nullable(),
  action: text,
  entity: z.strictObject({ kind: text, id: text, name: text }).nullable(),
  before: z.unknown(),
  after: z.unknown(),
  request_id: text.nullable(),
  previous: text.nullable(),
  hmac: text,
})

/** One line of the trail: `hmac` is over all of it, the HMAC of the one before included. */
export type AuditEntry = Readonly<z.output<typeof entryShape>>

/** What is shown of an entity beyond this is left out, bytes of JSON. */
const MAX_SHOWN_BYTES = 64 * 1024

export interface ChainOptions {
  /** The entry after which these come. */
  readonly last: StoredAuditEntry | null
  readonly drafts: readonly AuditDraft[]
  readonly actor: Actor
  /** Wall clock, ms. */
  readonly now: number
  readonly key: KeyObject
}

export function chainEntries({ last, drafts, actor, now, key }: ChainOptions): StoredAuditEntry[] {
  let sequence = last?.sequence ?? 0
  let previous = last === null ? null : (readEntry(last)?.hmac ?? '')
  return drafts.map((draft) => {
    sequence += 1
    const body = {
      sequence,
      at: new Date(now).toISOString(),
      actor: { subject: actor.subject, issuer: actor.issuer, kind: actor.kind },
      address: actor.address,
      action: draft.action,
      entity: draft.entity,
      before: bounded(draft.before),
      after: bounded(draft.after),
      request_id: actor.requestId,
      previous,
    }
    const hmac = hmacOf(body, key)
    previous = hmac
    return { sequence, at: now, json: JSON.stringify({ ...body, hmac }) }
  })
}

/** null: it has not the form of an entry. */
export function readEntry({ json }: StoredAuditEntry): AuditEntry | null {
  try {
    const { success, data } = entryShape.safeParse(JSON.parse(json))
    return success ? data : null
  } catch {
    return null
  }
}

/** Whether this is what was written, wherever it stands now. */
export function isGenuine({ hmac, ...body }: AuditEntry, key: KeyObject): boolean {
  const expected = Buffer.from(hmacOf(body, key))
  const actual = Buffer.from(hmac)
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}

/** JSON keeps the order of members when it is read and written again. */
function hmacOf(body: Omit<AuditEntry, 'hmac'>, key: KeyObject): string {
  return createHmac('sha256', key).update(JSON.stringify(body)).digest('hex')
}

/** Always JSON, so that what is read again has the same members. */
function bounded(shown: unknown): unknown {
  const json = JSON.stringify(shown ?? null)
  const bytes = Buffer.byteLength(json)
  return bytes > MAX_SHOWN_BYTES ? { left_out: true, bytes } : (JSON.parse(json) as unknown)
}
