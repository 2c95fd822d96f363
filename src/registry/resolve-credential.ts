import { createHmac, type KeyObject } from 'node:crypto'
import type { Credential } from '../core/entities.ts'
import { Secret } from '../core/secret.ts'
import type { InlineCredential, NamedCredential } from './schema/credential.ts'

export interface CredentialParts {
  readonly id: string
  readonly name: string
  readonly declared: InlineCredential | NamedCredential
  /** null: `API_KEY` without one. */
  readonly provider: string | null
  readonly status: Credential['status']
  readonly versionKey: KeyObject
}

/** Parts a declared credential into settings and secrets, by what its schema made of each field. */
export function resolveCredential({
  id,
  name,
  declared,
  provider,
  status,
  versionKey,
}: CredentialParts): Credential {
  const settings: Record<string, string> = {}
  const secrets: Record<string, Secret> = {}
  for (const [field, value] of Object.entries(fieldsOf(declared))) {
    if (value instanceof Secret) secrets[field] = value
    else if (typeof value === 'string') settings[field] = value
    else if (value !== undefined) Object.assign(secrets, defined(value))
  }
  const version = versionOf({ type: declared.creds_type, provider, settings, secrets, versionKey })
  return {
    id,
    name,
    type: declared.creds_type,
    provider,
    status,
    settings,
    secrets,
    version,
    managedBy: 'file',
  }
}

type FieldValue = string | Secret | Record<string, Secret | undefined> | undefined

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

interface Versioned extends Pick<Credential, 'type' | 'provider' | 'settings' | 'secrets'> {
  readonly versionKey: KeyObject
}

/** Keyed, so that a version that gets about tells nothing of a secret that could be guessed. */
function versionOf({ type, provider, settings, secrets, versionKey }: Versioned): string {
  const byName = <Value>(fields: Readonly<Record<string, Value>>, textOf: (value: Value) => string) =>
    Object.entries(fields)
      .map(([name, value]) => JSON.stringify([name, textOf(value)]))
      .toSorted()
  const parts = [
    type,
    provider,
    byName(settings, (text) => text),
    byName(secrets, (secret) => secret.reveal()),
  ]
  return createHmac('sha256', versionKey).update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}
