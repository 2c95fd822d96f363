import { z } from '@hono/zod-openapi'
import type { Model } from '../../core/entities.ts'
import { nameKey } from '../../registry/schema/names.ts'
import type { KindedRecord } from '../../registry/stored/records.ts'
import { requireUnrouted } from '../credentials/remove.ts'
import type { AdminDeps } from '../deps.ts'
import { type Endpoint, endpoint, type Visit } from '../endpoint.ts'
import { idParams, isFound, searchText } from '../fields.ts'
import { pageBy, pageOf, pageQuery } from '../paging.ts'
import { etagHeader, requireVersion } from '../preconditions.ts'
import { actorOf, draftOf, isoTime, storedOr } from '../records.ts'
import { notFound } from '../refusal.ts'
import { requireTemplate } from '../templates.ts'
import { changeModel } from './change.ts'
import { newModel, saveModels } from './create.ts'
import { type ModelDeclaration, modelBatch, modelDeclaration, modelPatch } from './schema.ts'
import { modelView, type ModelViewDeps, viewOfModel } from './view.ts'

const tag = 'Models'

export type ModelDeps = AdminDeps & ModelViewDeps

/** `/config/llm`: what clients name in `model` (design §5). */
export function modelEndpoints(deps: ModelDeps): Endpoint[] {
  return [...makingEndpoints(deps), ...readingEndpoints(deps), ...changingEndpoints(deps)]
}

function makingEndpoints(deps: ModelDeps): Endpoint[] {
  const { snapshot, editor, clock } = deps

  async function save(
    declared: readonly ModelDeclaration[],
    visit: Visit,
    pathOf: (index: number) => string[],
  ) {
    for (const [index, { custom, is_embedding: isEmbedding }] of declared.entries()) {
      await requireTemplate(deps, custom, isEmbedding ? 'embedding' : 'chat', pathOf(index))
    }
    const stamp = { by: visit.principal.subject, at: isoTime(clock.now()) }
    const made = declared.map((one) => newModel(deps, one, stamp))
    const { result } = await editor.edit(actorOf(visit), (at) => saveModels(deps, at, made, pathOf))
    return result.map((id) => viewOfModel(deps, snapshot().model(id) ?? raise()))
  }

  return [
    endpoint({
      method: 'post',
      path: '/config/llm',
      tag,
      summary: 'Make a model with its first connection',
      body: modelDeclaration(deps),
      answers: { 201: { description: 'The model', schema: modelView } },
      async handle({ body }, visit) {
        const [view] = await save([body], visit, () => [])
        return { status: 201, body: view, headers: etagHeader(1) }
      },
    }),
    endpoint({
      method: 'post',
      path: '/config/llm/batch',
      tag,
      summary: 'Make many models of one credential, all or none',
      body: modelBatch,
      answers: {
        201: { description: 'The models', schema: z.strictObject({ items: z.array(modelView) }) },
      },
      async handle({ body }, visit) {
        const { provider, llm_credentials_id, models } = body
        const declared = models.map((one) => ({
          ...one,
          provider,
          llm_credentials_id,
          credentials: undefined,
        }))
        const items = await save(declared, visit, (index) => [`models[${index}]`])
        return { status: 201, body: { items } }
      },
    }),
  ]
}

const filters = {
  llm_credentials_id: z.string().max(200).optional(),
  is_embedding: z.enum(['true', 'false']).optional(),
  provider: z.string().max(100).optional(),
  team: z.string().max(200).optional().openapi({ description: 'Models that this team may use' }),
  q: searchText,
}

function readingEndpoints(deps: ModelDeps): Endpoint[] {
  const { snapshot } = deps
  return [
    endpoint({
      method: 'get',
      path: '/config/llm',
      tag,
      summary: 'Models, by name',
      query: z.strictObject({ ...pageQuery, ...filters }),
      answers: { 200: { description: 'A page of them', schema: pageOf(modelView) } },
      async handle({ query }) {
        const models = snapshot()
          .models()
          .filter((model) => fits(model, query))
        const page = pageBy(models, ({ name, id }) => `${nameKey(name)}\0${id}`, query)
        return { status: 200, body: { ...page, items: page.items.map((model) => viewOfModel(deps, model)) } }
      },
    }),
    endpoint({
      method: 'get',
      path: '/config/llm/{id}',
      tag,
      summary: 'One model',
      params: idParams,
      answers: { 200: { description: 'The model', schema: modelView } },
      async handle({ params }) {
        const view = viewOfModel(deps, snapshot().model(params.id) ?? raise())
        return { status: 200, body: view, headers: etagHeader(view.version) }
      },
    }),
  ]
}

function changingEndpoints(deps: ModelDeps): Endpoint[] {
  const { snapshot, editor, clock, state } = deps
  return [
    endpoint({
      method: 'patch',
      path: '/config/llm/{id}',
      tag,
      summary: 'Change a model',
      params: idParams,
      body: modelPatch,
      answers: { 200: { description: 'The model', schema: modelView } },
      async handle({ params, body }, visit) {
        const isEmbedding = state().models.get(params.id)?.is_embedding === true
        await requireTemplate(deps, body.custom ?? undefined, isEmbedding ? 'embedding' : 'chat')
        await editor.edit(actorOf(visit), (at) => {
          const current = storedOr(at.models.get(params.id), 'model', snapshot().model(params.id))
          requireVersion(current.version, { ifMatch: visit.ifMatch, version: body.version })
          return changeModel(deps, at, current, body, isoTime(clock.now()))
        })
        const view = viewOfModel(deps, snapshot().model(params.id) ?? raise())
        return { status: 200, body: view, headers: etagHeader(view.version) }
      },
    }),
    endpoint({
      method: 'delete',
      path: '/config/llm/{id}',
      tag,
      summary: 'Delete a model, with its connections',
      params: idParams,
      answers: { 204: { description: 'Gone' } },
      async handle({ params }, visit) {
        await editor.edit(actorOf(visit), (at) => {
          const current = storedOr(at.models.get(params.id), 'model', snapshot().model(params.id))
          requireVersion(current.version, { ifMatch: visit.ifMatch })
          requireUnrouted(at, current.name)
          const connections = at.connectionsOfModel(current.id)
          const gone: KindedRecord[] = [
            { kind: 'model', record: current },
            ...connections.map((record): KindedRecord => ({ kind: 'connection', record })),
            ...connections.flatMap(({ credential_id: id }): KindedRecord[] => {
              const record = at.credentials.get(id)
              return record === undefined || record.inline_of === null ? [] : [{ kind: 'credential', record }]
            }),
          ]
          return {
            deletes: gone.map(({ kind, record }) => ({ kind, id: record.id })),
            audit: gone.map((one) => draftOf(`${one.kind}.delete`, one, null)),
            result: undefined,
          }
        })
        return { status: 204 }
      },
    }),
  ]
}

type Filters = { [Name in keyof typeof filters]?: string | undefined }

function fits({ name, kind, connections, teamAccess, builtin }: Model, wanted: Filters): boolean {
  const { llm_credentials_id: credential, is_embedding: isEmbedding, provider, team, q } = wanted
  const isOpen = builtin || teamAccess === 'all'
  return (
    isFound(name, q) &&
    (isEmbedding === undefined || (kind === 'embedding') === (isEmbedding === 'true')) &&
    (credential === undefined || connections.some((one) => one.credential.id === credential)) &&
    (provider === undefined || connections.some((one) => one.provider === provider)) &&
    (team === undefined || isOpen || [...teamAccess].some((one) => nameKey(one) === nameKey(team)))
  )
}

function raise(): never {
  throw notFound('model')
}
