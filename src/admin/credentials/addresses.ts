import type { CredentialType } from '../../core/entities.ts'
import { credentialFields, fieldsOfKind } from '../../registry/schema/credential-fields.ts'
import { entityFault, type EntityFault } from '../../registry/schema/entity-fault.ts'
import type { AdminDeps } from '../deps.ts'

const addressed = [
  ...new Set(
    (Object.keys(credentialFields) as CredentialType[]).flatMap((type) => [
      ...fieldsOfKind(type, 'address'),
      ...fieldsOfKind(type, 'url'),
    ]),
  ),
]

/** The addresses that a credential names and that may not be called, as far as can be known without asking DNS. */
export function addressFaults(
  settings: Readonly<Record<string, unknown>>,
  { addressFault }: Pick<AdminDeps, 'addressFault'>,
): EntityFault[] {
  return addressed.flatMap((name) => {
    const url = settings[name]
    const fault = typeof url === 'string' ? addressFault(url) : null
    return fault === null ? [] : [entityFault([name], `${name}: ${fault}`, 'base_url_not_allowed')]
  })
}
