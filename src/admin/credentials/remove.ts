import type { KindedRecord, StoredCredential } from '../../registry/stored/records.ts'
import type { StoredState } from '../../registry/stored/state.ts'
import { namesModel } from '../models/view.ts'
import { draftOf } from '../records.ts'
import { AdminRefusal } from '../refusal.ts'

/**
 * What goes with a credential. Throws AdminRefusal `in_use`, naming the models that hold it, unless `cascade`: then its
 * connections go with it, and models that are left with none, unless a route names them.
 */
export function removal(at: StoredState, credential: StoredCredential, cascade: boolean) {
  const connections = at.connectionsOfCredential(credential.id)
  const models = [...new Set(connections.map(({ model_id: id }) => id))].flatMap(
    (id) => at.models.get(id) ?? [],
  )
  if (connections.length > 0 && !cascade) {
    const names = models.map(({ name }) => JSON.stringify(name)).join(', ')
    throw new AdminRefusal(
      'in_use',
      `The credential is used by ${names}. Delete with cascade=true to take these too.`,
    )
  }
  const taken = new Set(connections.map(({ id }) => id))
  const emptied = models.filter(({ id }) =>
    at.connectionsOfModel(id).every((connection) => taken.has(connection.id)),
  )
  for (const { name } of emptied) requireUnrouted(at, name)
  const gone: KindedRecord[] = [
    { kind: 'credential', record: credential },
    ...connections.map((record): KindedRecord => ({ kind: 'connection', record })),
    ...emptied.map((record): KindedRecord => ({ kind: 'model', record })),
  ]
  return {
    deletes: gone.map(({ kind, record }) => ({ kind, id: record.id })),
    audit: gone.map((record) => draftOf(`${record.kind}.delete`, record, null)),
    result: undefined,
  }
}

/** A model that routes name stays while they do. Throws AdminRefusal `in_use`. */
export function requireUnrouted(at: StoredState, model: string): void {
  const routes = [...at.routes.values()].filter((route) => namesModel(route, model))
  if (routes.length === 0) return
  const names = routes.map(({ name }) => JSON.stringify(name)).join(', ')
  throw new AdminRefusal('in_use', `The model ${JSON.stringify(model)} is named by the routes ${names}.`)
}
