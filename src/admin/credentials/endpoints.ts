import { z } from '@hono/zod-openapi'
import type { Credential } from '../../core/entities.ts'
import { newCredential } from '../../registry/credential-record.ts'
import { partFields } from '../../registry/part-fields.ts'
import { namedCredential } from '../../registry/schema/credential.ts'
import { nameKey } from '../../registry/schema/names.ts'
import type { KindedRecord, StoredCredential } from '../../registry/stored/records.ts'
import type { StoredState } from '../../registry/stored/state.ts'
import type { AdminDeps } from '../deps.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { idParams, isFound, searchText } from '../fields.ts'
import { connectionFaults } from '../model-rules.ts'
import { pageBy, pageOf, pageQuery } from '../paging.ts'
import { etagHeader, requireVersion } from '../preconditions.ts'
import { actorOf, draftOf, isoTime, nameTaken, requireNone, storedOr } from '../records.ts'
import { notFound } from '../refusal.ts'
import { addressFaults } from './addresses.ts'
import { credentialPatch, patchedCredential, requireOwnFields } from './patch.ts'
import { removal } from './remove.ts'
import { type CredentialViewDeps, credentialView, viewOfCredential } from './view.ts'

const tag = 'Credentials'
const filters = {
  provider: z.string().max(100).optional(),
  creds_type: z.enum(['API_KEY', 'AWS', 'AZURE', 'GCP', 'CUSTOM']).optional(),
  status: z.enum(['active', 'inactive', 'error']).optional(),
  q: searchText,
}

type Deps = AdminDeps & CredentialViewDeps

/** `/llm_credentials`: named, reusable sets of secrets and settings (design §5). */
export function credentialEndpoints(deps: Deps): Endpoint[] {
  return [saveCredential(deps), ...readingEndpoints(deps), ...changingEndpoints(deps)]
}

function found({ snapshot }: Deps, id: string): Credential {
  const credential = snapshot().credential(id)
  const isReusable = credential !== undefined && snapshot().credentials().includes(credential)
  if (!isReusable) throw notFound('credential')
  return credential
}

function storedAt({ snapshot }: Deps, at: StoredState, id: string): StoredCredential {
  const record = at.credentials.get(id)
  return storedOr(record?.name === null ? undefined : record, 'credential', snapshot().credential(id))
}

function requireFree({ snapshot }: Deps, at: StoredState, name: string, but?: string): void {
  const holder = at.named('credential', name)
  const isDeclared = snapshot()
    .credentials()
    .some((one) => one.managedBy === 'file' && nameKey(one.name) === nameKey(name))
  if (isDeclared || (holder !== undefined && holder.id !== but)) requireNone([nameTaken('credential', name)])
}

function answer(deps: Deps, status: number, id: string) {
  const body = viewOfCredential(deps, found(deps, id))
  return { status, body, headers: etagHeader(body.version) }
}

function saveCredential(deps: Deps): Endpoint {
  const { editor, clock, secrets } = deps
  return endpoint({
    method: 'post',
    path: '/llm_credentials',
    tag,
    summary: 'Save a credential',
    body: namedCredential(deps),
    answers: { 201: { description: 'The credential', schema: credentialView } },
    async handle({ body }, visit) {
      requireNone(addressFaults(partFields(body).settings, deps))
      const made = newCredential({
        declared: body,
        inlineOf: null,
        by: visit.principal.subject,
        at: isoTime(clock.now()),
        secrets,
      })
      const put: KindedRecord = { kind: 'credential', record: made }
      await editor.edit(actorOf(visit), (at) => {
        requireFree(deps, at, body.name)
        return { puts: [put], audit: [draftOf('credential.create', null, put)], result: undefined }
      })
      return answer(deps, 201, made.id)
    },
  })
}

function readingEndpoints(deps: Deps): Endpoint[] {
  const { snapshot } = deps
  return [
    endpoint({
      method: 'get',
      path: '/llm_credentials',
      tag,
      summary: 'Reusable credentials, by name',
      query: z.strictObject({ ...pageQuery, ...filters }),
      answers: { 200: { description: 'A page of them', schema: pageOf(credentialView) } },
      async handle({ query }) {
        const { provider, creds_type: type, status, q } = query
        const credentials = snapshot()
          .credentials()
          .filter(
            (one) =>
              isFound(one.name, q) &&
              (provider === undefined || one.provider === provider) &&
              (type === undefined || one.type === type) &&
              (status === undefined || viewOfCredential(deps, one).status === status),
          )
        const page = pageBy(credentials, ({ name, id }) => `${nameKey(name)}\0${id}`, query)
        return { status: 200, body: { ...page, items: page.items.map((one) => viewOfCredential(deps, one)) } }
      },
    }),
    endpoint({
      method: 'get',
      path: '/llm_credentials/{id}',
      tag,
      summary: 'One credential',
      params: idParams,
      answers: { 200: { description: 'The credential', schema: credentialView } },
      handle: async ({ params }) => answer(deps, 200, params.id),
    }),
  ]
}

function changingEndpoints(deps: Deps): Endpoint[] {
  const { editor, clock } = deps
  return [
    endpoint({
      method: 'patch',
      path: '/llm_credentials/{id}',
      tag,
      summary: 'Change or rotate a credential',
      description: 'Takes effect on the next request of every connection that uses it, in every replica.',
      params: idParams,
      body: credentialPatch,
      answers: { 200: { description: 'The credential', schema: credentialView } },
      async handle({ params, body }, visit) {
        await editor.edit(actorOf(visit), (at) => {
          const current = storedAt(deps, at, params.id)
          const patch = requireOwnFields(current.creds_type, body)
          requireVersion(current.version, { ifMatch: visit.ifMatch, version: patch.version })
          const next = patchedCredential(deps, current, patch, isoTime(clock.now()))
          if (next.name !== null) requireFree(deps, at, next.name, current.id)
          requireNone(keyFaults(deps, at, next))
          const put: KindedRecord = { kind: 'credential', record: next }
          const audit = [draftOf('credential.update', { kind: 'credential', record: current }, put)]
          return { puts: [put], audit, result: undefined }
        })
        return answer(deps, 200, params.id)
      },
    }),
    endpoint({
      method: 'delete',
      path: '/llm_credentials/{id}',
      tag,
      summary: 'Delete a credential',
      params: idParams,
      query: z.strictObject({
        cascade: z
          .enum(['true', 'false'])
          .optional()
          .openapi({ description: 'true: its connections go with it, and models left with none' }),
      }),
      answers: { 204: { description: 'Gone' } },
      async handle({ params, query }, visit) {
        await editor.edit(actorOf(visit), (at) => {
          const current = storedAt(deps, at, params.id)
          requireVersion(current.version, { ifMatch: visit.ifMatch })
          return removal(at, current, query.cascade === 'true')
        })
        return { status: 204 }
      },
    }),
  ]
}

/** What a changed credential would break in the models that use it: one key twice, or a provider it no longer fits. */
function keyFaults(deps: AdminDeps, at: StoredState, changed: StoredCredential) {
  const models = new Set(at.connectionsOfCredential(changed.id).map(({ model_id: id }) => id))
  return [...models].flatMap((id) => {
    const model = at.models.get(id)
    const connections = at.connectionsOfModel(id)
    return model === undefined
      ? []
      : connectionFaults(deps, at, { model, connections, changed: new Map([[changed.id, changed]]) })
  })
}
