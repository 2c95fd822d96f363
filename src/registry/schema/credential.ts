import { z } from 'zod'
import type { CredentialType } from '../../core/entities.ts'
import type { Provider } from '../../core/provider.ts'
import { credentialShape } from './credential-fields.ts'
import { credentialFaults } from './credential-rules.ts'
import { evenIfBroken, rules } from './entity-fault.ts'
import { optionalText } from './fields.ts'
import { entityName } from './names.ts'

export interface CredentialContext {
  readonly providers: ReadonlyMap<string, Provider>
  /** Whether `http` addresses are taken: for the file's always, for others `upstream.allow_http`. */
  readonly allowHttp: boolean
}

/** A credential without a name, as a connection holds it in place; `extra` are the fields of the other forms. */
function credentialWith<Extra extends z.core.$ZodLooseShape>(
  { providers, allowHttp }: CredentialContext,
  extra: Extra,
) {
  const check = rules((credential) => credentialFaults(credential, { providers, allowHttp }))
  const form = <Type extends CredentialType>(type: Type) =>
    z
      .strictObject({
        ...extra,
        creds_type: z.literal(type),
        provider: optionalText.describe('The provider it is for'),
        ...credentialShape(type),
      })
      .superRefine(check, evenIfBroken)
  return z.discriminatedUnion('creds_type', [
    form('API_KEY'),
    form('AWS'),
    form('AZURE'),
    form('GCP'),
    form('CUSTOM'),
  ])
}

/** A credential in place: it belongs to one connection. */
export function inlineCredential(context: CredentialContext) {
  return credentialWith(context, {})
}

/** A reusable credential. */
export function namedCredential(context: CredentialContext) {
  return credentialWith(context, {
    name: entityName.describe('Unique among credentials'),
    status: z
      .enum(['active', 'inactive'])
      .default('active')
      .describe('inactive: connections that use it take no requests'),
  })
}

export type InlineCredential = z.output<ReturnType<typeof inlineCredential>>
export type NamedCredential = z.output<ReturnType<typeof namedCredential>>
