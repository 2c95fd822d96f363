import { z } from '@hono/zod-openapi'
import type { Connection } from '../../core/entities.ts'
import { nameKey } from '../../registry/schema/names.ts'
import type { KindedRecord, StoredConnection, StoredCredential } from '../../registry/stored/records.ts'
import type { StoredState } from '../../registry/stored/state.ts'
import { defined } from '../defined.ts'
import type { AdminDeps } from '../deps.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { idParams } from '../fields.ts'
import { connectionFaults } from '../model-rules.ts'
import { pageBy, pageOf, pageQuery } from '../paging.ts'
import { etagHeader, requireVersion } from '../preconditions.ts'
import { actorOf, draftOf, isoTime, nameTaken, requireNone, storedOr } from '../records.ts'
import { AdminRefusal, notFound } from '../refusal.ts'
import { requireTemplate } from '../templates.ts'
import { changeConnection, ownCredential } from './change.ts'
import { newConnection } from './records.ts'
import { type ConnectionDeclaration, connectionDeclaration, connectionPatch } from './schema.ts'
import { connectionView, type ConnectionViewDeps, viewOfConnection } from './view.ts'

const tag = 'Connections'
const collection = '/config/llm/{id}/connections'
const one = '/config/llm/{id}/connections/{connection_id}'
const params = idParams.extend({ connection_id: z.string().max(200) })

type Deps = AdminDeps & ConnectionViewDeps

/** `/config/llm/{id}/connections`: the ways to reach a model (design §5). */
export function connectionEndpoints(deps: Deps): Endpoint[] {
  const found = (modelId: string, id: string): Connection => {
    const connection = modelOf(deps, modelId).connections.find((known) => known.id === id)
    if (connection === undefined) throw notFound('connection')
    return connection
  }
  return [
    postConnection(deps),
    endpoint({
      method: 'get',
      path: collection,
      tag,
      summary: 'The connections of a model, by name',
      params: idParams,
      query: z.strictObject(pageQuery),
      answers: { 200: { description: 'A page of them', schema: pageOf(connectionView) } },
      async handle({ params: { id }, query }) {
        const page = pageBy(modelOf(deps, id).connections, ({ name }) => nameKey(name), query)
        return {
          status: 200,
          body: { ...page, items: page.items.map((item) => viewOfConnection(deps, item)) },
        }
      },
    }),
    endpoint({
      method: 'get',
      path: one,
      tag,
      summary: 'One connection',
      params,
      answers: { 200: { description: 'The connection', schema: connectionView } },
      async handle({ params: { id, connection_id: connectionId } }) {
        const view = viewOfConnection(deps, found(id, connectionId))
        return { status: 200, body: view, headers: etagHeader(view.version) }
      },
    }),
    patchConnection(deps, found),
    deleteConnection(deps),
  ]
}

function modelOf({ snapshot }: Deps, id: string) {
  const model = snapshot().model(id)
  if (model === undefined) throw notFound('model')
  return model
}

/** A connection as stored, by the path that names it. Throws AdminRefusal. */
function storedAt(deps: Deps, at: StoredState, modelId: string, id: string): StoredConnection {
  storedOr(at.models.get(modelId), 'model', deps.snapshot().model(modelId))
  const record = at.connections.get(id)
  if (record?.model_id !== modelId) throw notFound('connection')
  return record
}

function postConnection(deps: Deps): Endpoint {
  const { snapshot, editor, clock } = deps
  return endpoint({
    method: 'post',
    path: collection,
    tag,
    summary: 'Add a connection to a model',
    params: idParams,
    body: connectionDeclaration(deps),
    answers: { 201: { description: 'The connection', schema: connectionView } },
    async handle({ params: { id }, body }, visit) {
      await requireTemplate(deps, body.custom, modelOf(deps, id).kind)
      const stamp = { by: visit.principal.subject, at: isoTime(clock.now()) }
      const { connection, puts } = newConnection(deps, {
        modelId: id,
        ...stamp,
        declared: declaredFields(body),
        credentialId: body.llm_credentials_id,
        inline: body.credentials,
      })
      await editor.edit(actorOf(visit), (at) => {
        const model = storedOr(at.models.get(id), 'model', snapshot().model(id))
        const others = at.connectionsOfModel(id)
        if (others.some(({ name }) => nameKey(name) === nameKey(body.name)))
          requireNone([nameTaken('connection', body.name)])
        const inline = puts.flatMap((put): [string, StoredCredential][] =>
          put.kind === 'credential' ? [[put.record.id, put.record]] : [],
        )
        const considered = { model, connections: [...others, connection], changed: new Map(inline) }
        requireNone(connectionFaults(deps, at, considered))
        return { puts, audit: puts.map((put) => draftOf(`${put.kind}.create`, null, put)), result: undefined }
      })
      const made = modelOf(deps, id).connections.find((known) => known.id === connection.id)
      if (made === undefined) throw notFound('connection')
      return { status: 201, body: viewOfConnection(deps, made), headers: etagHeader(1) }
    },
  })
}

function declaredFields({
  llm_credentials_id: _id,
  credentials: _inline,
  ...declared
}: ConnectionDeclaration) {
  const { provider, region, custom, ...others } = declared
  return { ...others, ...defined({ provider, region, custom }) }
}

function patchConnection(deps: Deps, found: (modelId: string, id: string) => Connection): Endpoint {
  const { editor, clock } = deps
  return endpoint({
    method: 'patch',
    path: one,
    tag,
    summary: 'Change a connection',
    params,
    body: connectionPatch,
    answers: { 200: { description: 'The connection', schema: connectionView } },
    async handle({ params: { id, connection_id: connectionId }, body }, visit) {
      await requireTemplate(deps, body.custom ?? undefined, modelOf(deps, id).kind)
      await editor.edit(actorOf(visit), (at) => {
        const current = storedAt(deps, at, id, connectionId)
        requireVersion(current.version, { ifMatch: visit.ifMatch, version: body.version })
        return changeConnection(deps, at, current, body, isoTime(clock.now()))
      })
      const view = viewOfConnection(deps, found(id, connectionId))
      return { status: 200, body: view, headers: etagHeader(view.version) }
    },
  })
}

function deleteConnection(deps: Deps): Endpoint {
  return endpoint({
    method: 'delete',
    path: one,
    tag,
    summary: 'Delete a connection',
    description: 'The last one of a model goes with the model.',
    params,
    answers: { 204: { description: 'Gone' } },
    async handle({ params: { id, connection_id: connectionId } }, visit) {
      await deps.editor.edit(actorOf(visit), (at) => {
        const current = storedAt(deps, at, id, connectionId)
        requireVersion(current.version, { ifMatch: visit.ifMatch })
        if (at.connectionsOfModel(id).length === 1) {
          throw new AdminRefusal('in_use', 'A model has at least one connection: delete the model.')
        }
        const own = ownCredential(at, current)
        const gone: KindedRecord[] = [
          { kind: 'connection', record: current },
          ...(own === null ? [] : [{ kind: 'credential' as const, record: own }]),
        ]
        return {
          deletes: gone.map(({ kind, record }) => ({ kind, id: record.id })),
          audit: gone.map((record) => draftOf(`${record.kind}.delete`, record, null)),
          result: undefined,
        }
      })
      return { status: 204 }
    },
  })
}
