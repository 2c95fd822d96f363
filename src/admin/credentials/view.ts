import { z } from '@hono/zod-openapi'
import type { Credential } from '../../core/entities.ts'
import { credentialFields, secretFieldNames } from '../../registry/schema/credential-fields.ts'
import type { StoredCredential } from '../../registry/stored/records.ts'
import type { AdminDeps } from '../deps.ts'
import { managedBy, shadowsOf, shadowsView, timeView, versionView } from '../fields.ts'

const secretView = z.strictObject({
  set: z.literal(true),
  fingerprint: z.string().openapi({ description: 'Tells keys apart, and nothing of them' }),
  updated_at: timeView,
})

/** The fields that are no secret, of whatever type. */
const settingNames = [
  ...new Set(Object.values(credentialFields).flatMap((fields) => Object.keys(fields))),
].filter((name) => !secretFieldNames.has(name))

export const credentialView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    creds_type: z.enum(['API_KEY', 'AWS', 'AZURE', 'GCP', 'CUSTOM']),
    provider: z.string().nullable(),
    status: z.enum(['active', 'inactive', 'error']),
    status_reason: z
      .string()
      .nullable()
      .openapi({ description: 'Why it is in error, or that it cannot be opened' }),
    ...Object.fromEntries(settingNames.map((name) => [name, z.string().optional()])),
    secrets: z.record(z.string(), secretView),
    used_by: z
      .array(z.strictObject({ id: z.string(), name: z.string() }))
      .openapi({ description: 'The models with a connection that uses it' }),
    managed_by: managedBy,
    shadows: shadowsView,
    version: versionView,
    created_by: z.string().nullable(),
    created_at: timeView,
    updated_at: timeView,
    rotated_at: timeView,
    rotation_due: z.boolean().openapi({ description: 'Older than `credentials_policy.rotation_days`' }),
  })
  .openapi('Credential')

export type CredentialView = z.input<typeof credentialView>

export interface CredentialViewDeps extends Pick<AdminDeps, 'snapshot' | 'state' | 'secrets' | 'clock'> {
  /** What validation and traffic have shown of a credential, where it is in error; else null. */
  readonly credentialError: (id: string) => string | null
  /** `credentials_policy.rotation_days` */
  readonly rotationDays: number
}

const DAY_MS = 86_400_000

/** A reusable credential as it is shown: never a secret, nor a character of one. */
export function viewOfCredential(deps: CredentialViewDeps, credential: Credential): CredentialView {
  const { snapshot, state, clock, rotationDays } = deps
  const { id, name, type, provider, settings, managedBy: manager } = credential
  const stored = manager === 'store' ? state().credentials.get(id) : undefined
  const since = stored === undefined ? null : (stored.rotated_at ?? stored.created_at)
  const users = new Map(
    snapshot()
      .connectionsOfCredential(id)
      .map(({ modelId, model }) => [modelId, model]),
  )
  return {
    id,
    name,
    creds_type: type,
    provider,
    ...statusOf(deps, credential, stored),
    ...settings,
    secrets: secretsOf(deps, credential, stored),
    used_by: [...users].map(([modelId, model]) => ({ id: modelId, name: model })),
    managed_by: manager,
    shadows: shadowsOf(snapshot(), id),
    version: stored?.version ?? null,
    created_by: stored?.created_by ?? null,
    created_at: stored?.created_at ?? null,
    updated_at: stored?.updated_at ?? null,
    rotated_at: stored?.rotated_at ?? null,
    rotation_due: since !== null && clock.now() - Date.parse(since) > rotationDays * DAY_MS,
  }
}

function statusOf(
  { credentialError, secrets }: CredentialViewDeps,
  { id, status }: Credential,
  stored: StoredCredential | undefined,
): Pick<CredentialView, 'status' | 'status_reason'> {
  const fault = stored === undefined ? null : secrets.open(stored).fault
  if (fault !== null) return { status: 'error', status_reason: fault.message }
  if ((stored?.status ?? status) === 'inactive') return { status: 'inactive', status_reason: null }
  const error = credentialError(id)
  return error === null
    ? { status: 'active', status_reason: null }
    : { status: 'error', status_reason: error }
}

function secretsOf(
  { secrets }: CredentialViewDeps,
  credential: Credential,
  stored: StoredCredential | undefined,
): CredentialView['secrets'] {
  const shown =
    stored === undefined
      ? Object.entries(credential.secrets).map(
          ([name, secret]) => [name, { fingerprint: secrets.fingerprint(secret), updated_at: null }] as const,
        )
      : Object.entries(stored.secrets)
  return Object.fromEntries(shown.map(([name, about]) => [name, { set: true as const, ...about }]))
}
