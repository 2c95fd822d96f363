import type { KeyObject } from 'node:crypto'
import type { Connection, Credential, Model, Route } from '../../core/entities.ts'
import type { Provider } from '../../core/provider.ts'
import { entityId } from '../entity-id.ts'
import { partFields } from '../part-fields.ts'
import type { FileConnection } from '../schema/connection.ts'
import type { InlineCredential } from '../schema/credential.ts'
import type { FileEntities } from '../schema/file-entities.ts'
import type { FileModel } from '../schema/model.ts'
import { nameKey } from '../schema/names.ts'
import { providerOf } from '../schema/provider-choice.ts'
import type { Team } from '../team.ts'
import { resolveConnection, resolveModel } from './connection.ts'
import { resolveCredential } from './credential.ts'

export interface ResolveFileOptions {
  /** As `loadConfig` answers it: every rule between entities holds. */
  readonly file: FileEntities
  readonly providers: ReadonlyMap<string, Provider>
  /** From the root key, so that replicas agree on versions and nobody can guess a secret from one. */
  readonly versionKey: KeyObject
  /** Unix seconds, OpenAI's `created` of what the file declares. */
  readonly created: number
}

/** What the file declares, resolved. */
export interface FilePart {
  readonly models: readonly Model[]
  readonly routes: readonly Route[]
  readonly teams: readonly Team[]
  /** The reusable ones. */
  readonly credentials: readonly Credential[]
  /** By id; those in place included. */
  readonly credentialById: ReadonlyMap<string, Credential>
  readonly connectionById: ReadonlyMap<string, Connection>
}

/** Throws an Error for what `entityFaults` would have refused. */
export function resolveFile({ file, providers, versionKey, created }: ResolveFileOptions): FilePart {
  const resolve = (id: string, name: string, declared: InlineCredential, status: Credential['status']) =>
    resolveCredential({
      id,
      name,
      type: declared.creds_type,
      provider: providerOf({ connection: {}, model: {}, credential: declared, providers }),
      status,
      ...partFields(declared),
      versionKey,
      managedBy: 'file',
    })
  const credentials = file.credentials.map((declared) =>
    resolve(entityId('credential', declared.name), declared.name, declared, declared.status),
  )
  const byName = new Map(credentials.map((credential) => [nameKey(credential.name), credential]))

  function credentialOf(
    model: FileModel,
    { name, credential, credentials: inline }: FileConnection,
  ): Credential {
    const shown = `${model.name}#${name}`
    if (inline !== undefined) {
      return resolve(entityId('inline-credential', model.name, name), shown, inline, 'active')
    }
    return byName.get(nameKey(credential ?? '')) ?? missing(`credential of ${shown}`)
  }

  const models = file.models.map((model) => {
    const id = entityId('model', model.name)
    const connections = model.connections.map((declared) =>
      resolveConnection({
        id: entityId('connection', model.name, declared.name),
        modelId: id,
        model,
        declared,
        credential: credentialOf(model, declared),
        managedBy: 'file',
      }),
    )
    return resolveModel({ id, declared: model, connections, created, managedBy: 'file' })
  })
  const connections = models.flatMap((model) => model.connections)
  return {
    models,
    routes: file.routes.map((route) => ({
      ...route,
      id: entityId('route', route.name),
      created,
      managedBy: 'file',
    })),
    teams: file.teams.map(({ name, description = null }) => ({
      id: entityId('team', name),
      name,
      description,
      managedBy: 'file',
    })),
    credentials,
    credentialById: new Map(
      [...credentials, ...connections.map(({ credential }) => credential)].map((item) => [item.id, item]),
    ),
    connectionById: new Map(connections.map((connection) => [connection.id, connection])),
  }
}

function missing(what: string): never {
  throw new Error(`the ${what} is missing`)
}
