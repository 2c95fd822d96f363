import type {
  Connection,
  Credential,
  ManagedBy,
  Model,
  ModelKind,
  Overrides,
  Policy,
  Stage,
} from '../../core/entities.ts'

/** What a model's declaration says of itself, in the file or in the store. */
export interface DeclaredModel {
  readonly name: string
  readonly display_name?: string | undefined
  readonly provider?: string | undefined
  readonly is_embedding: boolean
  readonly embedding_dimensions?: number | undefined
  readonly supported_stages: readonly Stage[]
  readonly team_access: 'all' | readonly string[]
  readonly policy: Policy
  readonly builtin?: boolean
  readonly custom?: Readonly<Record<string, unknown>> | undefined
}

export interface DeclaredConnection {
  readonly name: string
  readonly model_name: string
  readonly provider?: string | undefined
  readonly weight: number
  readonly priority: number
  readonly enabled: boolean
  readonly probe: boolean
  readonly region?: string | undefined
  readonly overrides: Overrides
  readonly custom?: Readonly<Record<string, unknown>> | undefined
}

interface ModelParts {
  readonly id: string
  readonly declared: DeclaredModel
  readonly connections: readonly Connection[]
  readonly created: number
  readonly managedBy: ManagedBy
}

export function resolveModel({ id, declared, connections, created, managedBy }: ModelParts): Model {
  const { team_access: access } = declared
  return {
    id,
    name: declared.name,
    displayName: declared.display_name ?? declared.name,
    kind: kindOf(declared),
    teamAccess: access === 'all' ? 'all' : new Set(access),
    stages: new Set(declared.supported_stages),
    policy: declared.policy,
    builtin: declared.builtin ?? false,
    embeddingDimensions: declared.embedding_dimensions ?? null,
    connections,
    created,
    managedBy,
  }
}

interface ConnectionParts {
  readonly id: string
  readonly modelId: string
  readonly model: DeclaredModel
  readonly declared: DeclaredConnection
  readonly credential: Credential
  readonly managedBy: ManagedBy
}

/** Where nothing names a provider it is `unknown`, which no catalogue has. */
export function resolveConnection({
  id,
  modelId,
  model,
  declared,
  credential,
  managedBy,
}: ConnectionParts): Connection {
  return {
    id,
    name: declared.name,
    modelId,
    model: model.name,
    kind: kindOf(model),
    provider: declared.provider ?? model.provider ?? credential.provider ?? 'unknown',
    credential,
    modelName: declared.model_name,
    weight: declared.weight,
    priority: declared.priority,
    enabled: declared.enabled,
    probe: declared.probe,
    region: declared.region ?? null,
    overrides: declared.overrides,
    custom: credential.type === 'CUSTOM' ? (declared.custom ?? model.custom ?? null) : null,
    managedBy,
  }
}

function kindOf({ is_embedding: isEmbedding }: DeclaredModel): ModelKind {
  return isEmbedding ? 'embedding' : 'chat'
}
