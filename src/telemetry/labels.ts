/** What the registry holds, as far as metrics name it. `Model` of `core/` fits as it is. */
export interface KnownEntities {
  readonly models: Iterable<{
    readonly name: string
    readonly connections: Iterable<{ readonly name: string }>
  }>
  /** Registered, or named in a model's access list. */
  readonly teams: Iterable<string>
}

/** Where a request or an attempt went, each part fit to be a label; always in this order, in which they are written. */
export interface Place {
  readonly model: string
  readonly provider: string
  readonly connection: string
}

/** To be remembered of: as many as a large registry has connections, for each operation or outcome. */
export const mostPlaces = 200_000

interface Destination {
  readonly model: string | null
  readonly provider: string | null
  readonly connection: string | null
}

/** Turns what a record says into labels of which there can only be so many. */
export interface LabelBounds {
  /** `unknown` is a model the registry does not hold, or a connection the model has not; `none` is none reached. */
  place(destination: Destination): Place
  /**
   * No team is `none`. A team need not be registered, it may stand in tokens alone: the first `maxTeams` of those keep
   * their names, all further ones are `other`.
   */
  team(name: string | null): string
  /** From now on these are the entities there are. Answers which series of before still have a place. */
  retain(known: KnownEntities): (labels: Readonly<Record<string, string>>) => boolean
}

const longestLabel = 200
const unknown = 'unknown'
const none = 'none'
const other = 'other'
const nowhere = { provider: none, connection: none }

/** A label value: at most 200 characters, well-formed Unicode, since a scraper refuses anything else. */
export function clip(value: string): string {
  const bounded = value.length > longestLabel ? value.slice(0, longestLabel) : value
  return bounded.toWellFormed()
}

/** Until the first `retain` nothing is known of the registry, and what records say is taken as it comes. */
export function createLabelBounds({ maxTeams }: { maxTeams: number }): LabelBounds {
  let models: ReadonlyMap<string, ReadonlySet<string>> | null = null
  let teams: ReadonlySet<string> = new Set()
  const unregistered = new Set<string>()

  function place(destination: Destination): Place {
    const model = destination.model === null ? unknown : clip(destination.model)
    const connections = models?.get(model)
    const isKnown = models === null || connections !== undefined
    if (destination.connection === null) return { model: isKnown ? model : unknown, ...nowhere }
    const connection = clip(destination.connection)
    const provider = destination.provider === null ? none : clip(destination.provider)
    if (models === null || connections?.has(connection) === true) return { model, provider, connection }
    return { model: isKnown ? model : unknown, provider: unknown, connection: unknown }
  }

  function team(name: string | null): string {
    if (name === null) return none
    const label = clip(name)
    if (teams.has(label) || unregistered.has(label)) return label
    if (unregistered.size >= maxTeams) return other
    unregistered.add(label)
    return label
  }

  function retain(entities: KnownEntities): (labels: Readonly<Record<string, string>>) => boolean {
    const present = new Map<string, ReadonlySet<string>>()
    for (const { name, connections } of entities.models) {
      present.set(clip(name), new Set(Array.from(connections, (connection) => clip(connection.name))))
    }
    const registered = new Set(Array.from(entities.teams, clip))
    const removed = teams.difference(registered)
    models = present
    teams = registered
    return (labels) => {
      if (labels['team'] !== undefined && removed.has(labels['team'])) return false
      const { model = unknown, connection = none } = labels
      if (model === unknown) return true
      const connections = present.get(model)
      if (connections === undefined) return false
      return connection === none || connection === unknown || connections.has(connection)
    }
  }

  return { place, team, retain }
}
