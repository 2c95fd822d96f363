import { z } from 'zod'
import { policies, stages } from '../../core/entities.ts'
import type { EntityKind } from '../../store/contract.ts'

/**
 * What the store keeps of each entity, under the control plane's field names (design §5). What is left out of a
 * declaration is absent here too, so that the rules in `schema/` hold for both. Times are ISO 8601 in UTC. These
 * shapes say what was written, not what may be: a rule that becomes stricter must not make a record unreadable.
 */

const credentialTypes = ['API_KEY', 'AWS', 'AZURE', 'GCP', 'CUSTOM'] as const

const base = {
  /** Drawn at random by `newEntityId`, never used again. */
  id: z.string(),
  /** Grows by one with every change: for `If-Match` and `version`. */
  version: z.int().min(1),
}

const credential = z.strictObject({
  ...base,
  /** null: inline; it is then called by its connection's name. */
  name: z.string().nullable(),
  creds_type: z.enum(credentialTypes),
  provider: z.string().nullable(),
  status: z.enum(['active', 'inactive']),
  /** The fields that are no secret, `expires_at` included. */
  settings: z.record(z.string(), z.string()),
  /** Base64 of the vault's: a JSON object of the secrets by name. null: it has none. */
  sealed: z.string().nullable(),
  /** What may be shown of each secret. */
  secrets: z.record(z.string(), z.strictObject({ fingerprint: z.string(), updated_at: z.string() })),
  /** The connection that it belongs to and goes with. */
  inline_of: z.string().nullable(),
  created_by: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  rotated_at: z.string().nullable(),
})

const template = z.record(z.string(), z.unknown())

const model = z.strictObject({
  ...base,
  name: z.string(),
  display_name: z.string().optional(),
  provider: z.string().optional(),
  is_embedding: z.boolean(),
  embedding_dimensions: z.int().optional(),
  supported_stages: z.array(z.enum(stages)),
  team_access: z.union([z.literal('all'), z.array(z.string())]),
  policy: z.enum(policies),
  custom: template.optional(),
  integration: z.enum(['easy', 'api']),
  added_by: z.string(),
  added_on: z.string(),
  updated_on: z.string(),
})

const connection = z.strictObject({
  ...base,
  model_id: z.string(),
  name: z.string(),
  /** A stored credential's, or one's that the configuration file declares. */
  credential_id: z.string(),
  model_name: z.string(),
  provider: z.string().optional(),
  weight: z.number(),
  priority: z.int(),
  enabled: z.boolean(),
  probe: z.boolean(),
  region: z.string().optional(),
  overrides: z.strictObject({
    set: z.record(z.string(), z.unknown()).optional(),
    drop: z.array(z.string()).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    capabilities: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  }),
  custom: template.optional(),
  added_by: z.string(),
  added_on: z.string(),
  updated_on: z.string(),
})

const team = z.strictObject({
  ...base,
  name: z.string(),
  description: z.string().optional(),
  created_by: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
})

/** A gateway key: the record of a JWT that was issued, not the JWT. Revoked ones are kept until they expire. */
const key = z.strictObject({
  ...base,
  name: z.string(),
  team: z.string(),
  /** null: whatever the team may use. */
  models: z.array(z.string()).nullable(),
  /** `jti` of the JWT. */
  token_id: z.string(),
  expires_at: z.string(),
  created_by: z.string(),
  created_at: z.string(),
  revoked_at: z.string().nullable(),
})

const route = z.strictObject({
  ...base,
  name: z.string(),
  stages: z.partialRecord(z.enum(stages), z.array(z.string())),
  default: z.array(z.string()),
  created_by: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
})

export const recordShapes = { credential, model, connection, team, key, route } as const satisfies Record<
  EntityKind,
  z.ZodType
>

export type StoredCredential = Readonly<z.output<typeof credential>>
export type StoredModel = Readonly<z.output<typeof model>>
export type StoredConnection = Readonly<z.output<typeof connection>>
export type StoredTeam = Readonly<z.output<typeof team>>
export type StoredKey = Readonly<z.output<typeof key>>
export type StoredRoute = Readonly<z.output<typeof route>>

export interface RecordOf {
  readonly credential: StoredCredential
  readonly model: StoredModel
  readonly connection: StoredConnection
  readonly team: StoredTeam
  readonly key: StoredKey
  readonly route: StoredRoute
}

/** A record with its kind: `{kind: 'model', record}`. */
export type KindedRecord = {
  [Kind in EntityKind]: { readonly kind: Kind; readonly record: RecordOf[Kind] }
}[EntityKind]
