import { Secret } from '../core/secret.ts'
import type { CredentialSecrets, Secrets } from './credential-secrets.ts'
import { partFields } from './part-fields.ts'
import type { InlineCredential, NamedCredential } from './schema/credential.ts'
import type { Loose } from './schema/entity-fault.ts'
import { newEntityId } from './stored/codec.ts'
import type { StoredCredential } from './stored/records.ts'

export interface NewCredentialOptions {
  readonly id?: string
  /** As the schema of the named or inline form has read it. */
  readonly declared: InlineCredential | NamedCredential
  /** null: it is reusable, and `declared` has its name. */
  readonly inlineOf: string | null
  /** The subject of whoever makes it. */
  readonly by: string
  /** ISO 8601. */
  readonly at: string
  readonly secrets: CredentialSecrets
}

/** A credential's first record. Throws RegistryUnavailable while fingerprints cannot be made. */
export function newCredential({
  id = newEntityId(),
  declared,
  inlineOf,
  by,
  at,
  secrets: keeper,
}: NewCredentialOptions): StoredCredential {
  const { settings, secrets } = partFields(declared)
  return {
    id,
    version: 1,
    name: 'name' in declared ? declared.name : null,
    creds_type: declared.creds_type,
    provider: declared.provider ?? null,
    status: 'status' in declared ? declared.status : 'active',
    settings,
    sealed: keeper.seal(id, secrets),
    secrets: shownOf(secrets, {}, at, keeper),
    inline_of: inlineOf,
    created_by: by,
    created_at: at,
    updated_at: at,
    rotated_at: null,
  }
}

/** What becomes of a field: undefined keeps it, null clears it. `secrets` of `CUSTOM` are changed name by name. */
export type FieldChange =
  | string
  | Secret
  | Readonly<Record<string, Secret | null | undefined>>
  | null
  | undefined

export interface CredentialChange {
  readonly name?: string | undefined
  readonly status?: StoredCredential['status'] | undefined
  /** By the control plane's names (`api_key`, `base_url`, `secrets`, …). */
  readonly fields?: Readonly<Record<string, FieldChange>>
  /** ISO 8601. */
  readonly at: string
  readonly secrets: CredentialSecrets
}

/**
 * The next record of a credential. What rules its fields must keep is for the caller to check on the answer. Throws
 * VaultError where secrets change and those that stay cannot be opened.
 */
export function changeCredential(current: StoredCredential, change: CredentialChange): StoredCredential {
  const { name = current.name, status = current.status, fields = {}, at } = change
  const settings: Record<string, string> = { ...current.settings }
  const changes = new Map<string, Secret | null>()
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === 'string') settings[field] = value
    else if (value instanceof Secret) changes.set(field, value)
    else if (value === null) {
      delete settings[field]
      for (const secret of field === 'secrets' ? Object.keys(current.secrets) : [field])
        changes.set(secret, null)
    } else {
      for (const [secret, next] of Object.entries(value ?? {}))
        if (next !== undefined) changes.set(secret, next)
    }
  }
  const next = { ...current, name, status, settings, updated_at: at }
  return changes.size === 0 ? next : { ...next, ...changedSecrets(current, changes, change) }
}

function changedSecrets(
  current: StoredCredential,
  changes: ReadonlyMap<string, Secret | null>,
  { at, secrets: keeper }: CredentialChange,
): Partial<StoredCredential> {
  const opened = keeper.open(current)
  if (opened.fault !== null && Object.keys(current.secrets).some((name) => !changes.has(name)))
    throw opened.fault
  const after: Record<string, Secret> = { ...opened.secrets }
  for (const [name, secret] of changes) {
    if (secret === null) delete after[name]
    else if (secret.reveal() !== after[name]?.reveal()) after[name] = secret
  }
  const names = new Set([...Object.keys(current.secrets), ...Object.keys(after)])
  if ([...names].every((name) => after[name] !== undefined && after[name] === opened.secrets[name])) return {}
  const isRotated = Object.entries(after).some(([name, secret]) => secret !== opened.secrets[name])
  const kept = Object.fromEntries(
    Object.entries(current.secrets).filter(([name]) => after[name] === opened.secrets[name]),
  )
  return {
    sealed: keeper.seal(current.id, after),
    secrets: shownOf(after, kept, at, keeper),
    ...(isRotated ? { rotated_at: at } : {}),
  }
}

function shownOf(
  secrets: Secrets,
  kept: StoredCredential['secrets'],
  at: string,
  keeper: CredentialSecrets,
): StoredCredential['secrets'] {
  return Object.fromEntries(
    Object.entries(secrets).map(([name, secret]) => [
      name,
      kept[name] ?? { fingerprint: keeper.fingerprint(secret), updated_at: at },
    ]),
  )
}

/**
 * A stored credential as the rules in `schema/` read one, secrets included: never to be shown. Throws VaultError where
 * they cannot be opened.
 */
export function looseCredential(record: StoredCredential, keeper: CredentialSecrets): Loose {
  const { secrets, fault } = keeper.open(record)
  if (fault !== null) throw fault
  const { creds_type: type, provider, name, status, settings } = record
  const declared = type === 'CUSTOM' ? { secrets } : secrets
  return { name, status, creds_type: type, provider, ...settings, ...declared }
}
