import { z } from 'zod'
import { policies, stages } from '../../core/entities.ts'
import { fileConnection, namedProviderFaults } from './connection.ts'
import type { CredentialContext } from './credential.ts'
import { customTemplate } from './custom-template.ts'
import { entityFault, evenIfBroken, rules, type EntityFault, type Loose } from './entity-fault.ts'
import { optionalText } from './fields.ts'
import { entityName, modelName } from './names.ts'

/** What every form of a model has, in the file and in the control plane (design §5). */
export const modelFields = {
  display_name: optionalText.describe('The name, unless given'),
  provider: optionalText.describe('Of its connections, where their credentials name none'),
  is_embedding: z.boolean().default(false),
  embedding_dimensions: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('Sent as `dimensions` where the client names none'),
  supported_stages: z
    .array(z.enum(stages))
    .min(1)
    .default([...stages]),
  team_access: z
    .union([z.literal('all'), z.array(entityName)], { error: 'must be all, or a list of teams' })
    .default('all')
    .describe('all, or the teams that may use it; [] is nobody'),
  policy: z.enum(policies).default('weighted').describe('How connections of one tier take turns'),
  custom: customTemplate.optional().describe('Of its connections, where they have none'),
}

/** A model as the file declares it, with its connections in place. */
export function fileModel(context: CredentialContext) {
  return z
    .strictObject({
      name: modelName.describe('What clients write in `model`'),
      ...modelFields,
      builtin: z.boolean().default(false).describe('Open to every team, always'),
      connections: z.array(fileConnection(context)).min(1),
    })
    .superRefine(
      rules((model) => [...modelFaults(model), ...namedProviderFaults(model, context)]),
      evenIfBroken,
    )
}

export type FileModel = z.output<ReturnType<typeof fileModel>>

/** The rules between a model's own fields. */
export function modelFaults(model: Loose): EntityFault[] {
  const faults: EntityFault[] = []
  if (model['builtin'] === true && model['team_access'] !== 'all') {
    faults.push(entityFault(['team_access'], 'a built-in model is open to every team: leave team_access out'))
  }
  if (model['embedding_dimensions'] !== undefined && model['is_embedding'] === false) {
    faults.push(entityFault(['embedding_dimensions'], 'embedding_dimensions needs is_embedding: true'))
  }
  return faults
}
