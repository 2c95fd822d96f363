import type { KeyObject } from 'node:crypto'
import type { Credential, Model, Route } from '../../core/entities.ts'
import type { Provider } from '../../core/provider.ts'
import type { EntityKind } from '../../store/contract.ts'
import type { CredentialSecrets } from '../credential-secrets.ts'
import { providerChoiceFaults, providerOf } from '../schema/provider-choice.ts'
import type { StoredConnection, StoredCredential, StoredModel, StoredRoute } from '../stored/records.ts'
import { resolveConnection, resolveModel } from './connection.ts'
import { resolveCredential } from './credential.ts'

/** Why something that is stored cannot serve; the message is a whole sentence and holds no secret. */
export interface RegistryFault {
  readonly kind: EntityKind
  readonly id: string
  readonly name: string
  readonly message: string
}

export interface ResolvedModel {
  readonly model: Model
  readonly faults: readonly RegistryFault[]
}

export interface StoredResolver {
  /** Out where its secrets cannot be opened. An inline one is called by its connection's name. */
  credential(record: StoredCredential, name: string): Credential
  model(parts: ModelParts): ResolvedModel
}

interface ModelParts {
  readonly record: StoredModel
  readonly connections: readonly StoredConnection[]
  /** What a connection's `credential_id` stands for; undefined where there is nothing. */
  readonly credentialOf: (connection: StoredConnection, model: StoredModel) => Credential | undefined
  /** As long as it is the same object, `credentialOf` answers the same. */
  readonly credentials: object
}

interface StoredResolverOptions {
  readonly providers: ReadonlyMap<string, Provider>
  readonly secrets: CredentialSecrets
  readonly versionKey: KeyObject
}

interface KnownModel extends ResolvedModel {
  readonly connections: readonly StoredConnection[]
  readonly found: readonly (Credential | undefined)[]
  credentials: object
}

/** Resolves stored records; what has not changed since it was resolved before is the same object again. */
export function createStoredResolver({
  providers,
  secrets,
  versionKey,
}: StoredResolverOptions): StoredResolver {
  const credentials = new WeakMap<StoredCredential, Credential>()
  const models = new WeakMap<StoredModel, KnownModel>()

  function resolve(record: StoredCredential, name: string): Credential {
    const { id, creds_type: type, settings } = record
    const opened = secrets.open(record)
    return resolveCredential({
      id,
      name,
      type,
      provider: providerOf({ connection: {}, model: {}, credential: record, providers }),
      // Without its secrets it would be refused upstream.
      status: opened.fault === null ? record.status : 'inactive',
      settings,
      secrets: opened.secrets,
      versionKey,
      managedBy: 'store',
    })
  }

  return {
    credential(record, name) {
      const known = credentials.get(record)
      if (known?.name === name) return known
      const resolved = resolve(record, name)
      credentials.set(record, resolved)
      return resolved
    },
    model({ record, connections, credentialOf, credentials: from }) {
      const known = models.get(record)
      const isSame = known?.connections === connections
      if (isSame && known.credentials === from) return known
      const found = connections.map((connection) => credentialOf(connection, record))
      if (isSame && known.found.every((item, index) => item === found[index])) {
        known.credentials = from
        return known
      }
      const resolved = connections.map((declared, index) =>
        connectionOf({ model: record, declared, found: found[index], providers }),
      )
      const next: KnownModel = {
        model: resolveModel({
          id: record.id,
          declared: record,
          connections: resolved.map(({ connection }) => connection),
          created: unixSeconds(record.added_on),
          managedBy: 'store',
        }),
        faults: resolved.map(({ fault }) => fault).filter((fault) => fault !== null),
        connections,
        found,
        credentials: from,
      }
      models.set(record, next)
      return next
    },
  }
}

interface ConnectionParts {
  readonly model: StoredModel
  readonly declared: StoredConnection
  readonly found: Credential | undefined
  readonly providers: ReadonlyMap<string, Provider>
}

/** One that cannot serve has an inactive credential. */
function connectionOf({ model, declared, found, providers }: ConnectionParts) {
  const { id } = declared
  const message =
    found === undefined ? 'Its credential is not there.' : unfit(model, declared, found, providers)
  const credential = found ?? absent(declared)
  const connection = resolveConnection({
    id,
    modelId: model.id,
    model,
    declared,
    credential: message === null ? credential : { ...credential, status: 'inactive' },
    managedBy: 'store',
  })
  const name = `${model.name}#${declared.name}`
  const fault: RegistryFault | null = message === null ? null : { kind: 'connection', id, name, message }
  return { connection, fault }
}

/** What was true when it was saved may no longer be: the file may have a credential of the same name. */
function unfit(
  model: StoredModel,
  connection: StoredConnection,
  { type, provider, settings, secrets, status }: Credential,
  providers: ReadonlyMap<string, Provider>,
): string | null {
  // One that is out says so itself, and its secrets may be missing.
  if (status === 'inactive') return null
  const credential = { creds_type: type, provider, ...settings, ...secrets }
  const [fault] = providerChoiceFaults({ connection, model, credential, providers })
  if (fault !== undefined) return `Its credential does not fit: ${fault.message}.`
  const named = connection.provider ?? model.provider ?? provider ?? ''
  return providers.has(named) ? null : `There is no provider ${JSON.stringify(named)}.`
}

export function resolveRoute(record: StoredRoute): Route {
  const { id, name, stages, default: usual, created_at: at } = record
  return { id, name, stages, default: usual, created: unixSeconds(at), managedBy: 'store' }
}

/** Stands in for a credential that is gone, so that its connections are seen to be out. */
function absent({ credential_id: id }: StoredConnection): Credential {
  return {
    id,
    name: '',
    type: 'API_KEY',
    provider: null,
    status: 'inactive',
    settings: {},
    secrets: {},
    version: '',
    managedBy: 'store',
  }
}

function unixSeconds(time: string): number {
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000)
}
