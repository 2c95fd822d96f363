import type { Credential, Model } from '../../core/entities.ts'
import type { CredentialSecrets } from '../credential-secrets.ts'
import type { Shadowed } from '../snapshot.ts'
import type { StoredConnection, StoredCredential, StoredModel } from '../stored/records.ts'
import type { NamedKind, StoredState } from '../stored/state.ts'
import type { FilePart } from './file.ts'
import type { RegistryFault, StoredResolver } from './stored.ts'

/** What the store holds, resolved, beside what the file declares. */
export interface StatePart {
  readonly state: StoredState
  readonly resolver: StoredResolver
  readonly shadowed: readonly Shadowed[]
  /** By id, without those that are hidden. */
  readonly models: ReadonlyMap<string, Model>
  /** By the id of what is hidden: the id of the file's. */
  readonly hidden: ReadonlyMap<string, string>
  readonly credentials: CredentialsPart
  readonly faults: readonly RegistryFault[]
  /** What an id stands for: a hidden credential's for the file's of the same name. */
  credential(id: string): Credential | undefined
}

/** The same object as long as nothing that credentials are resolved from has changed. */
interface CredentialsPart {
  readonly from: ReadonlyMap<string, StoredCredential>
  readonly filePart: FilePart
  readonly hidden: ReadonlyMap<string, string>
  /** Reusable, without those that are hidden. */
  readonly reusable: readonly Credential[]
  /** Those whose secrets cannot be opened. */
  readonly closed: readonly StoredCredential[]
}

interface ResolveStateOptions {
  readonly state: StoredState
  readonly filePart: FilePart
  readonly secrets: CredentialSecrets
  readonly resolver: StoredResolver
  /** What the same resolver made before. */
  readonly former: StatePart | null
}

export function resolveState(options: ResolveStateOptions): StatePart {
  const { state, filePart, resolver } = options
  const shadowed = shadowedBy(filePart, state)
  const hidden = new Map(shadowed.map(({ id, by }) => [id, by]))
  const credentials = credentialsPart(options, hidden)
  const nameOf = (connection: StoredConnection, model: StoredModel) => `${model.name}#${connection.name}`

  function find(id: string, nameOfInline: () => string): Credential | undefined {
    const declared = filePart.credentialById.get(hidden.get(id) ?? id)
    if (declared !== undefined) return declared
    const record = state.credentials.get(id)
    return record && resolver.credential(record, record.name ?? nameOfInline())
  }
  function inlineName({ inline_of: id }: StoredCredential): string {
    const connection = id === null ? undefined : state.connections.get(id)
    const model = connection && state.models.get(connection.model_id)
    return connection === undefined || model === undefined ? '' : nameOf(connection, model)
  }
  const credentialOf = (connection: StoredConnection, model: StoredModel) =>
    find(connection.credential_id, () => nameOf(connection, model))

  const faults: RegistryFault[] = credentials.closed.map((record) => ({
    kind: 'credential',
    id: record.id,
    name: record.name ?? inlineName(record),
    message: `Its secrets cannot be opened. ${options.secrets.open(record).fault?.message ?? ''}`.trim(),
  }))
  const models = new Map<string, Model>()
  for (const record of state.models.values()) {
    if (hidden.has(record.id)) continue
    const connections = state.connectionsOfModel(record.id)
    const resolved = resolver.model({ record, connections, credentialOf, credentials })
    models.set(record.id, resolved.model)
    faults.push(...resolved.faults)
  }
  return {
    state,
    resolver,
    shadowed,
    models,
    hidden,
    credentials,
    faults: [...faults, ...unreadableFaults(state)],
    credential: (id) =>
      find(id, () => {
        const record = state.credentials.get(id)
        return record === undefined ? '' : inlineName(record)
      }),
  }
}

function credentialsPart(
  { state, filePart, secrets, resolver, former }: ResolveStateOptions,
  hidden: ReadonlyMap<string, string>,
): CredentialsPart {
  const known = former?.credentials
  if (known?.from === state.credentials && known.filePart === filePart && areSame(known.hidden, hidden))
    return known
  const visible = [...state.credentials.values()].filter(({ id }) => !hidden.has(id))
  return {
    from: state.credentials,
    filePart,
    hidden,
    reusable: visible.flatMap((record) =>
      record.name === null ? [] : [resolver.credential(record, record.name)],
    ),
    closed: visible.filter((record) => secrets.open(record).fault !== null),
  }
}

function areSame(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([id, by]) => other.get(id) === by)
}

/** Models and routes share their names (design §5). */
function shadowedBy({ models, routes, teams, credentials }: FilePart, state: StoredState): Shadowed[] {
  const found = (kind: NamedKind, declared: readonly { id: string; name: string }[]) =>
    declared.flatMap(({ id: by, name }) => {
      const record = state.named(kind, name)
      return record === undefined ? [] : [{ kind, id: record.id, name: record.name ?? name, by }]
    })
  const virtual = [...models, ...routes]
  return [
    ...found('credential', credentials),
    ...found('model', virtual),
    ...found('route', virtual),
    ...found('team', teams),
  ]
}

function unreadableFaults({ unreadable }: StoredState): RegistryFault[] {
  return [...unreadable.values()].map(({ entity: { kind, id }, message }) => ({
    kind,
    id,
    name: '',
    message: `It cannot be read: it ${message}.`,
  }))
}
