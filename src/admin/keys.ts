import { z } from '@hono/zod-openapi'
import { endedKeys } from '../registry/ended-keys.ts'
import { entityName, modelName, nameKey } from '../registry/schema/names.ts'
import { newEntityId } from '../registry/stored/codec.ts'
import type { KindedRecord, StoredKey } from '../registry/stored/records.ts'
import type { AdminDeps } from './deps.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idParams, isFound, searchText } from './fields.ts'
import { pageBy, pageOf, pageQuery } from './paging.ts'
import { actorOf, draftOf, isoTime, nameTaken, requireNone } from './records.ts'
import { AdminRefusal, notFound } from './refusal.ts'

const DAY_MS = 86_400_000
const LONGEST_DAYS = 3_660

const keyFields = {
  id: z.string(),
  name: z.string(),
  team: z.string(),
  models: z.array(z.string()).nullable().openapi({ description: 'null: whatever the team may use' }),
  status: z.enum(['active', 'expired', 'revoked']),
  expires_at: z.string(),
  created_by: z.string(),
  created_at: z.string(),
  revoked_at: z.string().nullable(),
}

const keyView = z.strictObject(keyFields).openapi('Key')

const madeKey = z
  .strictObject({
    ...keyFields,
    key: z.string().openapi({ description: 'The key itself: shown now and never again' }),
  })
  .openapi('MadeKey')

const keyDeclaration = z.strictObject({
  name: entityName,
  team: entityName,
  models: z.array(modelName).min(1).max(100).nullish(),
  expires_at: z.iso
    .datetime({ offset: true, error: 'must be a time in ISO 8601 with a zone, as 2030-01-31T12:00:00Z' })
    .openapi({ description: 'When it ends, ISO 8601 with a zone' }),
})

const tag = 'Keys'

/** `/keys`: the gateway's own signed JWTs, for applications without an identity provider (design §5). */
export function keyEndpoints(deps: AdminDeps): Endpoint[] {
  return [issueKeyEndpoint(deps), ...readingEndpoints(deps), revokeKey(deps)]
}

function issueKeyEndpoint({ editor, clock, issueKey }: AdminDeps): Endpoint {
  return endpoint({
    method: 'post',
    path: '/keys',
    tag,
    summary: 'Issue a key',
    description: 'A JWT of the gateway itself, for an application without an identity provider.',
    body: keyDeclaration,
    answers: { 201: { description: 'The key, this once', schema: madeKey } },
    async handle({ body }, visit) {
      const now = clock.now()
      const expiresInSeconds = Math.floor((Date.parse(body.expires_at) - now) / 1_000)
      requireSane(expiresInSeconds)
      const made: StoredKey = {
        id: newEntityId(),
        version: 1,
        name: body.name,
        team: body.team,
        models: body.models ?? null,
        token_id: newEntityId(),
        expires_at: isoTime(Date.parse(body.expires_at)),
        created_by: visit.principal.subject,
        created_at: isoTime(now),
        revoked_at: null,
      }
      const key = await issueKey({
        subject: `key:${made.name}`,
        teams: [made.team],
        roles: [],
        ...(made.models === null ? {} : { models: made.models }),
        expiresInSeconds,
        tokenId: made.token_id,
      })
      const put: KindedRecord = { kind: 'key', record: made }
      await editor.edit(actorOf(visit), (at) => {
        const holder = at.named('key', made.name)
        if (holder !== undefined && statusOf(holder, now) === 'active')
          requireNone([nameTaken('key', made.name)])
        return {
          puts: [put],
          deletes: endedKeys(at, now),
          audit: [draftOf('key.create', null, put)],
          result: undefined,
        }
      })
      return { status: 201, body: { ...viewOf(made, now), key } }
    },
  })
}

function readingEndpoints({ state, clock }: AdminDeps): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/keys',
      tag,
      summary: 'Keys, by name',
      query: z.strictObject({ ...pageQuery, q: searchText, team: z.string().max(200).optional() }),
      answers: { 200: { description: 'A page of them', schema: pageOf(keyView) } },
      async handle({ query }) {
        const keys = [...state().keys.values()].filter(
          ({ name, team }) =>
            isFound(name, query.q) && (query.team === undefined || nameKey(team) === nameKey(query.team)),
        )
        const page = pageBy(keys, ({ name, id }) => `${nameKey(name)}\0${id}`, query)
        return { status: 200, body: { ...page, items: page.items.map((key) => viewOf(key, clock.now())) } }
      },
    }),
    endpoint({
      method: 'get',
      path: '/keys/{id}',
      tag,
      summary: 'One key',
      params: idParams,
      answers: { 200: { description: 'The key, without its token', schema: keyView } },
      handle: async ({ params }) => ({
        status: 200,
        body: viewOf(state().keys.get(params.id) ?? raise(), clock.now()),
      }),
    }),
  ]
}

function revokeKey({ editor, clock }: AdminDeps): Endpoint {
  return endpoint({
    method: 'delete',
    path: '/keys/{id}',
    tag,
    summary: 'Revoke a key',
    description: 'It is refused from then on, in every replica; it stays listed until it would have ended.',
    params: idParams,
    answers: { 204: { description: 'Revoked' } },
    async handle({ params }, visit) {
      await editor.edit(actorOf(visit), (at) => {
        const current = at.keys.get(params.id) ?? raise()
        if (current.revoked_at !== null) return { audit: [], result: undefined }
        const put: KindedRecord = { kind: 'key', record: { ...current, revoked_at: isoTime(clock.now()) } }
        const audit = [draftOf('key.revoke', { kind: 'key', record: current }, put)]
        return { puts: [put], audit, result: undefined }
      })
      return { status: 204 }
    },
  })
}

function raise(): never {
  throw notFound('key')
}

function requireSane(seconds: number): void {
  const isSane = seconds > 0 && seconds <= (LONGEST_DAYS * DAY_MS) / 1_000
  if (isSane) return
  throw new AdminRefusal('invalid_field', `expires_at must lie ahead, at most ${LONGEST_DAYS} days`, {
    field: 'expires_at',
  })
}

function statusOf({ revoked_at: revoked, expires_at: end }: StoredKey, now: number) {
  if (revoked !== null) return 'revoked'
  return Date.parse(end) <= now ? 'expired' : 'active'
}

function viewOf(key: StoredKey, now: number): z.input<typeof keyView> {
  const { id, name, team, models, expires_at, created_by, created_at, revoked_at } = key
  return {
    id,
    name,
    team,
    models,
    status: statusOf(key, now),
    expires_at,
    created_by,
    created_at,
    revoked_at,
  }
}
