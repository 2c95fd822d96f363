import { createHmac, type KeyObject } from 'node:crypto'
import type { Credential, ManagedBy } from '../../core/entities.ts'
import type { PartedFields } from '../part-fields.ts'

export interface CredentialParts extends PartedFields {
  readonly id: string
  readonly name: string
  readonly type: Credential['type']
  /** null: `API_KEY` without one. */
  readonly provider: string | null
  readonly status: Credential['status']
  readonly versionKey: KeyObject
  readonly managedBy: ManagedBy
}

/** A credential as the data plane sees it, with its version. */
export function resolveCredential({ versionKey, ...parts }: CredentialParts): Credential {
  return { ...parts, version: versionOf({ ...parts, versionKey }) }
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
