import { z } from '@hono/zod-openapi'
import { connectionFields } from '../../registry/schema/connection.ts'
import { type CredentialContext, inlineCredential } from '../../registry/schema/credential.ts'
import {
  entityFault,
  type EntityFault,
  evenIfBroken,
  type Loose,
  rules,
  textOf,
} from '../../registry/schema/entity-fault.ts'
import { expectedVersion } from '../fields.ts'

/** `POST /config/llm/{id}/connections` */
export function connectionDeclaration(context: CredentialContext) {
  return z
    .strictObject({
      ...connectionFields,
      llm_credentials_id: z.string().max(200).optional(),
      credentials: inlineCredential(context).optional().describe('A credential of its own, in place'),
    })
    .superRefine(rules(credentialChoiceFaults), evenIfBroken)
}

export type ConnectionDeclaration = z.output<ReturnType<typeof connectionDeclaration>>

/** `PATCH …/connections/{connection_id}`: absent keeps, null clears. */
export const connectionPatch = z
  .strictObject({
    name: z.string().optional().openapi({ description: 'Never changes' }),
    provider: connectionFields.provider.nullable(),
    model_name: connectionFields.model_name.optional(),
    weight: connectionFields.weight.unwrap().nullish(),
    priority: connectionFields.priority.unwrap().nullish(),
    enabled: z.boolean().nullish(),
    probe: z.boolean().nullish(),
    region: connectionFields.region.nullable(),
    overrides: connectionFields.overrides.unwrap().nullish(),
    custom: connectionFields.custom.nullable(),
    llm_credentials_id: z.string().max(200).optional(),
    credentials: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: 'Fields of its own credential, as `PATCH` of a credential takes them' }),
    version: expectedVersion,
  })
  .openapi('ConnectionPatch')

export type ConnectionPatch = z.output<typeof connectionPatch>

/** A connection has a credential that is saved, or one in place; one of the two, and not both. */
export function credentialChoiceFaults(declared: Loose): EntityFault[] {
  const isNamed = textOf(declared['llm_credentials_id']) !== null
  const isInline = declared['credentials'] !== undefined
  if (isNamed !== isInline) return []
  return [
    isNamed
      ? entityFault(['credentials'], 'llm_credentials_id and credentials exclude each other')
      : entityFault(['llm_credentials_id'], 'llm_credentials_id, or credentials in place, is required'),
  ]
}
