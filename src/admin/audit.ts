import { z } from '@hono/zod-openapi'
import type { AuditEntry } from '../registry/audit.ts'
import type { AdminDeps } from './deps.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { pageOf, pageQuery, readCursor, writeCursor } from './paging.ts'
import { AdminRefusal } from './refusal.ts'

const entryView = z
  .strictObject({
    sequence: z.int(),
    at: z.string(),
    actor: z.strictObject({ subject: z.string(), issuer: z.string(), kind: z.string() }),
    address: z.string().nullable(),
    action: z.string().openapi({ description: 'As `credential.update`, `credential.reveal`, `refused`' }),
    entity: z.strictObject({ kind: z.string(), id: z.string(), name: z.string() }).nullable(),
    before: z.unknown().openapi({ description: 'Without secrets: of these only fingerprints' }),
    after: z.unknown(),
    request_id: z.string().nullable(),
    previous: z.string().nullable(),
    hmac: z.string(),
  })
  .openapi('AuditEntry')

const verification = z
  .strictObject({
    ok: z.boolean(),
    from: z.int().nullable().openapi({ description: 'The oldest entry kept' }),
    to: z.int().nullable().openapi({ description: 'The newest' }),
    broken: z
      .strictObject({ sequence: z.int(), fault: z.string() })
      .nullable()
      .openapi({ description: 'The first entry that does not hold' }),
  })
  .openapi('AuditVerification')

const filters = {
  action: z.string().max(100).optional(),
  actor: z.string().max(500).optional().openapi({ description: "The actor's subject" }),
  entity_id: z.string().max(200).optional(),
}

/** A filter that fits little must not walk the whole trail for one page: the cursor goes on from there. */
const MOST_WALKED = 20_000
const PAGE = 1_000

export function auditEndpoints({ audit }: Pick<AdminDeps, 'audit'>): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/audit',
      tag: 'Audit',
      summary: 'Who changed, revealed, validated or was refused what, newest first',
      description: 'With filters a page may hold less than `limit` though `next` names another.',
      query: z.strictObject({ ...pageQuery, ...filters }),
      answers: { 200: { description: 'A page of entries', schema: pageOf(entryView) } },
      async handle({ query }) {
        const fits = (entry: AuditEntry) =>
          (query.action === undefined || entry.action === query.action) &&
          (query.actor === undefined || entry.actor.subject === query.actor) &&
          (query.entity_id === undefined || entry.entity?.id === query.entity_id)
        const items: AuditEntry[] = []
        let before = query.cursor === undefined ? null : sequenceOf(query.cursor)
        for (let walked = 0; walked < MOST_WALKED; walked += PAGE) {
          const entries = await audit.page({ before, limit: PAGE })
          for (const entry of entries) {
            if (items.length === query.limit) return answer(items, before)
            if (fits(entry)) items.push(entry)
            before = entry.sequence
          }
          if (entries.length < PAGE) return answer(items, null)
        }
        return answer(items, before)
      },
    }),
    endpoint({
      method: 'get',
      path: '/audit/verify',
      tag: 'Audit',
      summary: 'Whether the trail is whole, and the first entry that does not hold',
      answers: { 200: { description: 'What was found', schema: verification } },
      handle: async () => ({ status: 200, body: await audit.verify() }),
    }),
  ]
}

function answer(items: readonly AuditEntry[], before: number | null) {
  return { status: 200, body: { items, next: before === null ? null : writeCursor(String(before)) } }
}

function sequenceOf(cursor: string): number {
  const text = readCursor(cursor)
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new AdminRefusal('invalid_cursor', 'cursor is not one that a list has answered', { field: 'cursor' })
}
