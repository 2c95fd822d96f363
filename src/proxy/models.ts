import { mayUse, modelNotFound } from '../access/authorise.ts'
import type { Model, Principal, Route } from '../core/entities.ts'
import type { Snapshot } from '../registry/snapshot.ts'
import { sendJson } from './answer.ts'
import { authenticate, type Visit } from './serve.ts'

/** OpenAI's list of what the caller may use, and beside it `models`, which Writer's SDK reads. */
export async function listModels(visit: Visit): Promise<void> {
  const principal = await authenticate(visit)
  const snapshot = visit.deps.registry.current()
  const models = snapshot.models().filter((model) => mayUse(principal, model))
  const routes = snapshot.routes().filter((route) => mayUseRoute(principal, route, snapshot))
  const entries = [...models, ...routes]
  sendJson(
    visit.outgoing,
    200,
    {
      object: 'list',
      data: entries.map(modelObject),
      models: entries.map((entry) => ({
        id: entry.name,
        name: 'displayName' in entry ? entry.displayName : entry.name,
      })),
    },
    visit.headers,
  )
}

/** One model, with the connections that a client may name. Unknown and not allowed answer alike. */
export async function retrieveModel(visit: Visit, name: string): Promise<void> {
  const principal = await authenticate(visit)
  const snapshot = visit.deps.registry.current()
  const model = snapshot.modelByName(name)
  const route = model === undefined ? snapshot.routeByName(name) : undefined
  if (model !== undefined && mayUse(principal, model)) {
    const connections = model.connections.map((connection) => ({ name: connection.name }))
    sendJson(visit.outgoing, 200, { ...modelObject(model), connections }, visit.headers)
  } else if (route !== undefined && mayUseRoute(principal, route, snapshot)) {
    sendJson(visit.outgoing, 200, modelObject(route), visit.headers)
  } else throw modelNotFound(name)
}

function modelObject({ name, created }: Model | Route) {
  return { id: name, object: 'model', created, owned_by: 'modelgate' }
}

function mayUseRoute(principal: Principal, route: Route, snapshot: Snapshot): boolean {
  const names = new Set([...route.default, ...Object.values(route.stages).flat()])
  return [...names].some((name) => {
    const model = snapshot.modelByName(name)
    return model !== undefined && mayUse(principal, model)
  })
}
