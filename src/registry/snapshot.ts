import type { Connection, Model, Route } from '../core/entities.ts'
import { entityId } from './entity-id.ts'
import { resolveModels, type SnapshotOptions } from './resolve-models.ts'
import { nameKey } from './schema/names.ts'

export interface Team {
  readonly id: string
  readonly name: string
  readonly description: string | null
}

/** Everything that is declared, resolved and immutable: what one request sees from its beginning to its end. */
export interface Snapshot {
  /** By the name as declared, else by one that differs only in capitals or in how its characters are composed. */
  modelByName(name: string): Model | undefined
  routeByName(name: string): Route | undefined
  connection(id: string): Connection | undefined
  models(): readonly Model[]
  routes(): readonly Route[]
  teams(): readonly Team[]
}

/** Throws an Error for what `entityFaults` would have refused. */
export function buildSnapshot({ file, providers, versionKey, created }: SnapshotOptions): Snapshot {
  const models = resolveModels({ file, providers, versionKey, created })
  const routes = file.routes.map((route): Route => ({
    ...route,
    id: entityId('route', route.name),
    created,
    managedBy: 'file',
  }))
  const teams = file.teams.map(({ name, description = null }): Team => ({
    id: entityId('team', name),
    name,
    description,
  }))
  const connections = new Map(
    models.flatMap((model) => model.connections.map((connection) => [connection.id, connection] as const)),
  )
  return {
    modelByName: lookup(models),
    routeByName: lookup(routes),
    connection: (id) => connections.get(id),
    models: () => models,
    routes: () => routes,
    teams: () => teams,
  }
}

/** Composing makes names shorter, not longer: nothing beyond this is a name, however long the client's is. */
const MAX_LOOKED_UP = 1_000

/** The exact name first: it is what clients send, and costs one look. */
function lookup<Entity extends { name: string }>(entities: readonly Entity[]) {
  const exact = new Map(entities.map((entity) => [entity.name, entity]))
  const normalised = new Map(entities.map((entity) => [nameKey(entity.name), entity]))
  return (name: string) =>
    exact.get(name) ?? (name.length > MAX_LOOKED_UP ? undefined : normalised.get(nameKey(name)))
}

/** Holds the snapshot that requests begin with. */
export interface Registry {
  current(): Snapshot
  /** Takes effect at once for requests that come; those under way keep theirs. */
  replace(next: Snapshot): void
  /** Called after each `replace`, in order. Answers how to stop it. */
  onChange(listener: (next: Snapshot) => void): () => void
}

export function createRegistry({ snapshot }: { snapshot: Snapshot }): Registry {
  let current = snapshot
  const listeners = new Set<(next: Snapshot) => void>()
  return {
    current: () => current,
    replace(next) {
      current = next
      for (const listener of listeners) listener(next)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
