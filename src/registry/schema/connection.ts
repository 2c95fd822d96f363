import { z } from 'zod'
import { unknownProvider } from './credential-rules.ts'
import { inlineCredential, type CredentialContext } from './credential.ts'
import { customTemplate } from './custom-template.ts'
import { entityFault, evenIfBroken, rules, textOf, type EntityFault, type Loose } from './entity-fault.ts'
import { optionalText, requiredText } from './fields.ts'
import { entityName } from './names.ts'
import { overrides } from './overrides.ts'

/** What every form of a connection has, in the file and in the control plane (design §5). */
export const connectionFields = {
  name: entityName.describe('Unique within the model'),
  provider: optionalText.describe('Where neither the credential nor the model names it'),
  model_name: requiredText.max(500).describe("The provider's own id of the model"),
  weight: z.number().min(0).max(1_000_000).default(1).describe('Share within its tier; 0: only if named'),
  priority: z.int().min(0).max(1_000_000).default(0).describe('Tier: lower is tried first'),
  enabled: z.boolean().default(true),
  probe: z.boolean().default(true).describe('false: health probes spare it'),
  region: optionalText.describe("In place of the credential's"),
  overrides: overrides.default({}),
  custom: customTemplate.optional().describe('Only for custom providers'),
}

/** A connection as the file declares it: its credential is named, or stands in place. */
export function fileConnection(context: CredentialContext) {
  return z
    .strictObject({
      ...connectionFields,
      credential: optionalText.describe('Name of a credential'),
      credentials: inlineCredential(context).optional().describe('A credential of its own, in place'),
    })
    .superRefine(
      rules((connection) => [
        ...credentialChoiceFaults(connection),
        ...namedProviderFaults(connection, context),
      ]),
      evenIfBroken,
    )
}

export type FileConnection = z.output<ReturnType<typeof fileConnection>>

function credentialChoiceFaults(connection: Loose): EntityFault[] {
  const isNamed = textOf(connection['credential']) !== null
  const isInline = connection['credentials'] !== undefined
  if (isNamed === !isInline) return []
  return [
    isNamed
      ? entityFault(['credentials'], 'credential and credentials exclude each other')
      : entityFault(['credential'], 'credential (a name) or credentials (in place) is required'),
  ]
}

/** A provider named on a connection or model must be in the catalogue. */
export function namedProviderFaults(entity: Loose, { providers }: CredentialContext): EntityFault[] {
  const named = textOf(entity['provider'])
  return named === null || providers.has(named) ? [] : [unknownProvider(named)]
}
