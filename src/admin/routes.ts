import { z } from '@hono/zod-openapi'
import { type Route, stages } from '../core/entities.ts'
import { nameKey } from '../registry/schema/names.ts'
import { routeFaults } from '../registry/schema/route-rules.ts'
import { route } from '../registry/schema/route.ts'
import { newEntityId } from '../registry/stored/codec.ts'
import type { KindedRecord, StoredRoute } from '../registry/stored/records.ts'
import type { StoredState } from '../registry/stored/state.ts'
import type { AdminDeps } from './deps.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import {
  expectedVersion,
  idParams,
  isFound,
  managedBy,
  searchText,
  shadowsOf,
  shadowsView,
  timeView,
  versionView,
} from './fields.ts'
import { isTaken } from './models/create.ts'
import { pageBy, pageOf, pageQuery } from './paging.ts'
import { etagHeader, requireVersion } from './preconditions.ts'
import { actorOf, draftOf, isoTime, nameTaken, requireNone, storedOr } from './records.ts'
import { notFound } from './refusal.ts'

const routeView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    stages: z.partialRecord(z.enum(stages), z.array(z.string())),
    default: z.array(z.string()),
    managed_by: managedBy,
    shadows: shadowsView,
    version: versionView,
    created_by: z.string().nullable(),
    created_at: timeView,
    updated_at: timeView,
  })
  .openapi('Route')

const routePatch = z
  .strictObject({
    name: route.shape.name.optional(),
    stages: route.shape.stages.unwrap().nullish(),
    default: route.shape.default.optional(),
    version: expectedVersion,
  })
  .openapi('RoutePatch')

const tag = 'Routes'

/** `/routes`: virtual models whose real one depends on the stage of a request (design §5). */
export function routeEndpoints(deps: AdminDeps): Endpoint[] {
  return [makeRoute(deps), ...readingEndpoints(deps), ...changingEndpoints(deps)]
}

function answer(deps: AdminDeps, status: number, id: string) {
  const view = viewOf(deps, deps.snapshot().route(id) ?? raise())
  return { status, body: view, headers: etagHeader(view.version) }
}

function requireSound(deps: AdminDeps, at: StoredState, declared: StoredRoute): void {
  if (isTaken(deps, at, declared.name, declared.id)) requireNone([nameTaken('model or route', declared.name)])
  requireNone(faultsOf(deps, at, declared))
}

function makeRoute(deps: AdminDeps): Endpoint {
  const { editor, clock } = deps
  return endpoint({
    method: 'post',
    path: '/routes',
    tag,
    summary: 'Make a route',
    body: route,
    answers: { 201: { description: 'The route', schema: routeView } },
    async handle({ body }, visit) {
      const now = isoTime(clock.now())
      const stamp = { created_by: visit.principal.subject, created_at: now, updated_at: now }
      const made: StoredRoute = { ...body, id: newEntityId(), version: 1, ...stamp }
      await editor.edit(actorOf(visit), (at) => {
        requireSound(deps, at, made)
        return changeTo(null, made)
      })
      return answer(deps, 201, made.id)
    },
  })
}

function readingEndpoints(deps: AdminDeps): Endpoint[] {
  const { snapshot } = deps
  return [
    endpoint({
      method: 'get',
      path: '/routes',
      tag,
      summary: 'Routes, by name',
      query: z.strictObject({ ...pageQuery, q: searchText }),
      answers: { 200: { description: 'A page of them', schema: pageOf(routeView) } },
      async handle({ query }) {
        const routes = snapshot()
          .routes()
          .filter(({ name }) => isFound(name, query.q))
        const page = pageBy(routes, ({ name, id }) => `${nameKey(name)}\0${id}`, query)
        return { status: 200, body: { ...page, items: page.items.map((one) => viewOf(deps, one)) } }
      },
    }),
    endpoint({
      method: 'get',
      path: '/routes/{id}',
      tag,
      summary: 'One route',
      params: idParams,
      answers: { 200: { description: 'The route', schema: routeView } },
      handle: async ({ params }) => answer(deps, 200, params.id),
    }),
  ]
}

function changingEndpoints(deps: AdminDeps): Endpoint[] {
  const { snapshot, editor, clock } = deps
  return [
    endpoint({
      method: 'patch',
      path: '/routes/{id}',
      tag,
      summary: 'Change a route',
      params: idParams,
      body: routePatch,
      answers: { 200: { description: 'The route', schema: routeView } },
      async handle({ params, body }, visit) {
        await editor.edit(actorOf(visit), (at) => {
          const current = storedOr(at.routes.get(params.id), 'route', snapshot().route(params.id))
          requireVersion(current.version, { ifMatch: visit.ifMatch, version: body.version })
          const next: StoredRoute = {
            ...current,
            name: body.name ?? current.name,
            stages: body.stages === undefined ? current.stages : (body.stages ?? {}),
            default: body.default ?? current.default,
            version: current.version + 1,
            updated_at: isoTime(clock.now()),
          }
          requireSound(deps, at, next)
          return changeTo(current, next)
        })
        return answer(deps, 200, params.id)
      },
    }),
    endpoint({
      method: 'delete',
      path: '/routes/{id}',
      tag,
      summary: 'Delete a route',
      params: idParams,
      answers: { 204: { description: 'Gone' } },
      async handle({ params }, visit) {
        await editor.edit(actorOf(visit), (at) => {
          const current = storedOr(at.routes.get(params.id), 'route', snapshot().route(params.id))
          requireVersion(current.version, { ifMatch: visit.ifMatch })
          const gone: KindedRecord = { kind: 'route', record: current }
          return {
            deletes: [{ kind: 'route', id: current.id }],
            audit: [draftOf('route.delete', gone, null)],
            result: undefined,
          }
        })
        return { status: 204 }
      },
    }),
  ]
}

/** The models that a route names, of the store and of the file, by the rules that the file's routes keep. */
function faultsOf({ snapshot }: AdminDeps, at: StoredState, declared: StoredRoute) {
  const names = [declared.default, ...Object.values(declared.stages)].flat()
  const models = names.flatMap((name) => {
    const stored = at.named('model', name)
    const other = snapshot().modelByName(name)
    if (stored !== undefined) return [{ name, supported_stages: stored.supported_stages }]
    return other?.managedBy === 'file' ? [{ name, supported_stages: [...other.stages] }] : []
  })
  const faults = routeFaults({ models, routes: [declared] })
  // The path begins with the place among several routes.
  return faults.map((fault) => ({ ...fault, path: fault.path.slice(2) }))
}

function changeTo(before: StoredRoute | null, after: StoredRoute) {
  const put: KindedRecord = { kind: 'route', record: after }
  const was: KindedRecord | null = before === null ? null : { kind: 'route', record: before }
  const audit = [draftOf(before === null ? 'route.create' : 'route.update', was, put)]
  return { puts: [put], audit, result: undefined }
}

function viewOf({ snapshot, state }: AdminDeps, one: Route): z.input<typeof routeView> {
  const stored = one.managedBy === 'store' ? state().routes.get(one.id) : undefined
  return {
    id: one.id,
    name: one.name,
    stages: mutable(one.stages),
    default: [...one.default],
    managed_by: one.managedBy,
    shadows: shadowsOf(snapshot(), one.id),
    version: stored?.version ?? null,
    created_by: stored?.created_by ?? null,
    created_at: stored?.created_at ?? null,
    updated_at: stored?.updated_at ?? null,
  }
}

function mutable(lists: Route['stages']): Record<string, string[]> {
  return Object.fromEntries(Object.entries(lists).map(([stage, list]) => [stage, [...list]]))
}

function raise(): never {
  throw notFound('route')
}
