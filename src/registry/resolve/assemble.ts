import type { Connection, Model } from '../../core/entities.ts'
import { nameKey } from '../schema/names.ts'
import type { Snapshot } from '../snapshot.ts'
import type { StoredTeam } from '../stored/records.ts'
import type { Team } from '../team.ts'
import type { FilePart } from './file.ts'
import type { StatePart } from './state.ts'
import { resolveRoute } from './stored.ts'

/** What the file declares and what the store holds, as one. */
export function assembleSnapshot(filePart: FilePart, statePart: StatePart): Snapshot {
  const { state, hidden, shadowed, faults, models: stored } = statePart
  const isVisible = ({ id }: { id: string }) => !hidden.has(id)
  const models = [...filePart.models, ...stored.values()]
  const routes = [...filePart.routes, ...[...state.routes.values()].filter(isVisible).map(resolveRoute)]
  const teams = [...filePart.teams, ...[...state.teams.values()].filter(isVisible).map(teamOf)]
  const credentials = [...filePart.credentials, ...statePart.credentials.reusable]
  const declaredModels = new Map(filePart.models.map((model) => [model.id, model]))

  function connection(id: string): Connection | undefined {
    const record = state.connections.get(id)
    if (record === undefined) return filePart.connectionById.get(id)
    return stored.get(record.model_id)?.connections.find((item) => item.id === id)
  }
  function storedModel(name: string): Model | undefined {
    const record = state.named('model', name)
    return record && stored.get(record.id)
  }
  return {
    position: state.position,
    modelByName: lookup(models, { normalisable: filePart.models, other: storedModel }),
    routeByName: lookup(routes, { normalisable: routes }),
    model: (id) => declaredModels.get(id) ?? stored.get(id),
    route: (id) => routes.find((item) => item.id === id),
    team: (id) => teams.find((item) => item.id === id),
    connection,
    credential: (id) => statePart.credential(id),
    models: () => models,
    routes: () => routes,
    teams: () => teams,
    credentials: () => credentials,
    connectionsOfCredential(id) {
      const declared = [...filePart.connectionById.values()].filter((item) => item.credential.id === id)
      const ids = [id, ...shadowed.filter(({ by }) => by === id).map((item) => item.id)]
      const records = ids.flatMap((known) => state.connectionsOfCredential(known))
      return [...declared, ...records.map((item) => connection(item.id)).filter((item) => item !== undefined)]
    },
    isRevoked: (tokenId) => (state.keyOfToken(tokenId)?.revoked_at ?? null) !== null,
    shadowed,
    faults,
  }
}

function teamOf({ id, name, description }: StoredTeam): Team {
  return { id, name, description: description ?? null, managedBy: 'store' }
}

/** Composing makes names shorter, not longer: nothing beyond this is a name, however long the client's is. */
const MAX_LOOKED_UP = 1_000

interface LookupOptions<Entity> {
  readonly normalisable: readonly Entity[]
  /** For those that are not among them. */
  readonly other?: (name: string) => Entity | undefined
}

/** The exact name first: it is what clients send, and costs one look. */
function lookup<Entity extends { name: string }>(
  entities: readonly Entity[],
  { normalisable, other }: LookupOptions<Entity>,
) {
  const exact = new Map(entities.map((entity) => [entity.name, entity]))
  const normalised = new Map(normalisable.map((entity) => [nameKey(entity.name), entity]))
  return (name: string) => {
    const found = exact.get(name)
    if (found !== undefined || name.length > MAX_LOOKED_UP) return found
    return normalised.get(nameKey(name)) ?? other?.(name)
  }
}
