import { Secret } from '../core/secret.ts'
import type { InlineCredential, NamedCredential } from './schema/credential.ts'

export interface PartedFields {
  readonly settings: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, Secret>>
}

type FieldValue = string | Secret | Record<string, Secret | undefined> | undefined

/** Parts a declared credential into settings and secrets, by what its schema made of each field. */
export function partFields(declared: InlineCredential | NamedCredential): PartedFields {
  const settings: Record<string, string> = {}
  const secrets: Record<string, Secret> = {}
  for (const [field, value] of Object.entries(fieldsOf(declared))) {
    if (value instanceof Secret) secrets[field] = value
    else if (typeof value === 'string') settings[field] = value
    else if (value !== undefined) Object.assign(secrets, defined(value))
  }
  return { settings, secrets }
}

function fieldsOf(declared: InlineCredential | NamedCredential): Record<string, FieldValue> {
  const { creds_type: _type, provider: _provider, ...others } = declared
  const { name: _name, status: _status, ...fields } = others as Partial<NamedCredential>
  return fields
}

function defined(named: Record<string, Secret | undefined>): Record<string, Secret> {
  return Object.fromEntries(
    Object.entries(named).filter((entry): entry is [string, Secret] => entry[1] !== undefined),
  )
}
