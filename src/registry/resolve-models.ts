import type { KeyObject } from 'node:crypto'
import type { Connection, Credential, Model, ModelKind } from '../core/entities.ts'
import type { Provider } from '../core/provider.ts'
import { entityId } from './entity-id.ts'
import { resolveCredential } from './resolve-credential.ts'
import type { FileConnection } from './schema/connection.ts'
import type { InlineCredential } from './schema/credential.ts'
import type { FileEntities } from './schema/file-entities.ts'
import type { FileModel } from './schema/model.ts'
import { nameKey } from './schema/names.ts'
import { providerOf } from './schema/provider-choice.ts'

export interface SnapshotOptions {
  /** As `loadConfig` answers it: every rule between entities holds. */
  file: FileEntities
  providers: ReadonlyMap<string, Provider>
  /** From the vault, so that replicas agree on versions and nobody can guess a secret from one. */
  versionKey: KeyObject
  /** Unix seconds, OpenAI's `created` of what the file declares. */
  created: number
}

/** Models with their connections, and each connection with its credential. Throws for what the file's rules refuse. */
export function resolveModels({ file, providers, versionKey, created }: SnapshotOptions): Model[] {
  const providerOfCredential = (declared: InlineCredential) =>
    providerOf({ connection: {}, model: {}, credential: declared, providers })

  const credentials = new Map(
    file.credentials.map((declared) => {
      const { name, status } = declared
      const id = entityId('credential', name)
      const provider = providerOfCredential(declared)
      return [nameKey(name), resolveCredential({ id, name, declared, provider, status, versionKey })]
    }),
  )

  function credentialOf(
    model: FileModel,
    { name, credential, credentials: inline }: FileConnection,
  ): Credential {
    if (inline !== undefined) {
      return resolveCredential({
        id: entityId('inline-credential', model.name, name),
        name: `${model.name}#${name}`,
        declared: inline,
        provider: providerOfCredential(inline),
        status: 'active',
        versionKey,
      })
    }
    return credentials.get(nameKey(credential ?? '')) ?? missing(`credential of ${model.name}#${name}`)
  }

  function connectionOf(model: FileModel, declared: FileConnection): Connection {
    const credential = credentialOf(model, declared)
    const named = declared.provider ?? model.provider ?? credential.provider
    return {
      id: entityId('connection', model.name, declared.name),
      name: declared.name,
      modelId: entityId('model', model.name),
      model: model.name,
      kind: kindOf(model),
      provider: named ?? missing(`provider of ${model.name}#${declared.name}`),
      credential,
      modelName: declared.model_name,
      weight: declared.weight,
      priority: declared.priority,
      enabled: declared.enabled,
      probe: declared.probe,
      region: declared.region ?? null,
      overrides: declared.overrides,
      custom: credential.type === 'CUSTOM' ? (declared.custom ?? model.custom ?? null) : null,
      managedBy: 'file',
    }
  }

  return file.models.map((model) => ({
    id: entityId('model', model.name),
    name: model.name,
    displayName: model.display_name ?? model.name,
    kind: kindOf(model),
    teamAccess: model.team_access === 'all' ? 'all' : new Set(model.team_access),
    stages: new Set(model.supported_stages),
    policy: model.policy,
    builtin: model.builtin,
    embeddingDimensions: model.embedding_dimensions ?? null,
    connections: model.connections.map((declared) => connectionOf(model, declared)),
    created,
    managedBy: 'file',
  }))
}

function kindOf({ is_embedding: isEmbedding }: FileModel): ModelKind {
  return isEmbedding ? 'embedding' : 'chat'
}

function missing(what: string): never {
  throw new Error(`the ${what} is missing`)
}
