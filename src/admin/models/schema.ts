import { z } from '@hono/zod-openapi'
import { connectionFields } from '../../registry/schema/connection.ts'
import { type CredentialContext, inlineCredential } from '../../registry/schema/credential.ts'
import { evenIfBroken, rules } from '../../registry/schema/entity-fault.ts'
import { modelFaults, modelFields } from '../../registry/schema/model.ts'
import { modelName } from '../../registry/schema/names.ts'
import { credentialChoiceFaults } from '../connections/schema.ts'
import { ownFieldsPatch } from '../credentials/patch.ts'
import { expectedVersion } from '../fields.ts'

const { provider, is_embedding, custom, ...sharedFields } = modelFields
const { model_name, region, weight, priority } = connectionFields

/** What one model of a batch says of itself and of its first connection. */
const ownFields = {
  name: modelName.optional().describe('What clients write in `model`; the `model_name` unless given'),
  ...sharedFields,
  is_embedding,
  custom,
  model_name,
  region,
  weight,
  priority,
}

/** `POST /config/llm`: a model with its first connection. */
export function modelDeclaration(context: CredentialContext) {
  return z
    .strictObject({
      ...ownFields,
      provider,
      llm_credentials_id: z.string().max(200).optional(),
      credentials: inlineCredential(context).optional().describe('A credential of its own, in place'),
    })
    .superRefine(
      rules((model) => [...modelFaults(model), ...credentialChoiceFaults(model)]),
      evenIfBroken,
    )
}

export type ModelDeclaration = z.output<ReturnType<typeof modelDeclaration>>

export const modelBatch = z.strictObject({
  provider,
  llm_credentials_id: z.string().max(200),
  models: z
    .array(z.strictObject(ownFields).superRefine(rules(modelFaults), evenIfBroken))
    .min(1)
    .max(1_000),
})

/** `PATCH /config/llm/{id}`: absent keeps, null clears. */
export const modelPatch = z
  .strictObject({
    ...ownFieldsPatch,
    name: modelName.optional(),
    display_name: sharedFields.display_name.nullable(),
    embedding_dimensions: sharedFields.embedding_dimensions.nullable(),
    supported_stages: sharedFields.supported_stages.unwrap().nullish(),
    team_access: sharedFields.team_access.unwrap().nullish(),
    policy: sharedFields.policy.unwrap().nullish(),
    custom: custom.nullable(),
    is_embedding: z.boolean().optional().openapi({ description: 'Never changes' }),
    credentials: z.record(z.string(), z.unknown()).optional().openapi({
      description: 'Fields of the inline credential of its one connection, as `PATCH` takes them',
    }),
    version: expectedVersion,
  })
  .openapi('ModelPatch', {
    description: "The inline credential's fields may also stand beside the model's, without `credentials`.",
  })

export type ModelPatch = z.output<typeof modelPatch>
