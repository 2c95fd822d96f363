import type { Secret } from './secret.ts'

/** The nouns of design §1 as the data plane sees them: resolved, immutable, replaced whole when anything changes. */

export type CredentialType = 'API_KEY' | 'AWS' | 'AZURE' | 'GCP' | 'CUSTOM'

/** A provider's id, or a preset's (`groq`, `vllm`, …): an open set, defined by the catalogue in `providers/`. */
export type ProviderId = string

export const stages = ['planning', 'tool_call', 'summarization', 'guardrail'] as const
export type Stage = (typeof stages)[number]

export const policies = ['weighted', 'least_busy', 'lowest_latency', 'affinity'] as const
export type Policy = (typeof policies)[number]

export type ModelKind = 'chat' | 'embedding'

/** Who declared it. What comes from the file is the operator's word: its hosts pass the egress guard. */
export type ManagedBy = 'file' | 'store'

export interface Credential {
  readonly id: string
  readonly name: string
  readonly type: CredentialType
  /** null: an `API_KEY` credential that takes whatever provider each model names */
  readonly provider: ProviderId | null
  readonly status: 'active' | 'inactive'
  /** The fields that are no secret (`base_url`, `aws_region`, …), by their names in the admin API. */
  readonly settings: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, Secret>>
  /** Changes whenever a secret or setting changes; whatever is derived from a secret is cached under it. */
  readonly version: string
  readonly managedBy: ManagedBy
}

/** What one upstream needs otherwise than its provider's table says (admin API `overrides`). */
export interface Overrides {
  /** Top-level fields set in the provider's body, last. */
  readonly set?: Readonly<Record<string, unknown>>
  /** Top-level fields taken out of the provider's body. */
  readonly drop?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  /** Switches of the provider's per-model table, by name. */
  readonly capabilities?: Readonly<Record<string, string | number | boolean>>
}

export interface Connection {
  readonly id: string
  readonly name: string
  readonly modelId: string
  /** The gateway's own name of the model, as clients write it. */
  readonly model: string
  readonly kind: ModelKind
  readonly provider: ProviderId
  readonly credential: Credential
  /** The provider's id of the model. */
  readonly modelName: string
  /** Share within its priority tier; 0 takes no new request unless it is named. */
  readonly weight: number
  /** Tier: lower is tried first. */
  readonly priority: number
  readonly enabled: boolean
  readonly probe: boolean
  readonly region: string | null
  readonly overrides: Overrides
  /** The template of a `custom` upstream; null for every other provider. */
  readonly custom: Readonly<Record<string, unknown>> | null
  readonly managedBy: ManagedBy
}

export interface Model {
  readonly id: string
  readonly name: string
  readonly displayName: string
  readonly kind: ModelKind
  readonly teamAccess: 'all' | ReadonlySet<string>
  readonly stages: ReadonlySet<Stage>
  readonly policy: Policy
  readonly builtin: boolean
  /** Sent as `dimensions` where the client names none. */
  readonly embeddingDimensions: number | null
  readonly connections: readonly Connection[]
  /** Unix seconds, for OpenAI's `created`. */
  readonly created: number
  readonly managedBy: ManagedBy
}

/** A virtual model whose real model depends on the stage of the request. */
export interface Route {
  readonly id: string
  readonly name: string
  readonly stages: Readonly<Partial<Record<Stage, readonly string[]>>>
  readonly default: readonly string[]
  readonly created: number
  readonly managedBy: ManagedBy
}

/** The verified caller. */
export interface Principal {
  readonly subject: string
  readonly issuer: string
  readonly teams: readonly string[]
  readonly roles: readonly string[]
  readonly tokenId: string | null
  /** Control plane: an issuer's `admin_roles`, the gateway's own admin tokens, or `MODELGATE_ADMIN_TOKEN`. */
  readonly admin: boolean
  /** Model names a gateway key is limited to; null for no limit. */
  readonly models: readonly string[] | null
}
