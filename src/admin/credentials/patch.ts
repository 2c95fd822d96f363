import { z } from '@hono/zod-openapi'
import type { CredentialType } from '../../core/entities.ts'
import { type FieldChange, changeCredential, looseCredential } from '../../registry/credential-record.ts'
import { credentialFields, credentialShape } from '../../registry/schema/credential-fields.ts'
import { credentialFaults } from '../../registry/schema/credential-rules.ts'
import { entityName } from '../../registry/schema/names.ts'
import type { StoredCredential } from '../../registry/stored/records.ts'
import type { AdminDeps } from '../deps.ts'
import { expectedVersion } from '../fields.ts'
import { check } from '../read-input.ts'
import { requireNone } from '../records.ts'
import { AdminRefusal } from '../refusal.ts'
import { addressFaults } from './addresses.ts'

const common = {
  name: entityName.optional(),
  status: z.enum(['active', 'inactive']).optional(),
  creds_type: z.string().optional().openapi({ description: 'Never changes' }),
  provider: z.string().nullish().openapi({ description: 'Never changes' }),
  version: expectedVersion,
}

function fieldsOf(type: CredentialType): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = credentialShape(type)
  return Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, field.nullish()]))
}

const types = Object.keys(credentialFields) as CredentialType[]

/** Any type's own fields as a `PATCH` takes them: which of them a credential has is checked once it is known. */
export const ownFieldsPatch: Record<string, z.ZodType> = Object.assign({}, ...types.map(fieldsOf))

export const credentialPatch = z.strictObject({ ...ownFieldsPatch, ...common }).openapi('CredentialPatch', {
  description: 'Absent keeps, null clears; a secret that is blank keeps its value.',
})

const patches = new Map(types.map((type) => [type, z.strictObject({ ...fieldsOf(type), ...common })]))

type PatchDeps = Pick<AdminDeps, 'providers' | 'allowHttp' | 'addressFault' | 'secrets'>

/** The fields of a type as a `PATCH` gives them, apart from what every credential has. Throws AdminRefusal. */
export function readPatch(type: CredentialType, body: unknown) {
  return parted(check(patches.get(type) ?? credentialPatch, body) as Patch)
}

/** The same of what `credentialPatch` has read, which may hold other types' fields. Throws AdminRefusal. */
export function requireOwnFields(type: CredentialType, body: z.output<typeof credentialPatch>) {
  const shape = patches.get(type)?.shape ?? credentialPatch.shape
  const other = Object.keys(body).find((name) => !Object.hasOwn(shape, name))
  if (other === undefined) return parted(body as Patch)
  throw new AdminRefusal('unknown_field', `There is no field ${JSON.stringify(other)}.`, { field: other })
}

function parted({ name, status, creds_type, provider, version, ...fields }: Patch) {
  return { name, status, type: creds_type, provider, version, fields }
}

interface Patch extends Record<string, unknown> {
  readonly name?: string
  readonly status?: 'active' | 'inactive'
  readonly creds_type?: string
  readonly provider?: string | null
  readonly version?: number
}

/**
 * A credential after a `PATCH`, with every rule of its type checked anew. Throws AdminRefusal: `immutable_field` for its
 * type or provider, or the first rule that does not hold.
 */
export function patchedCredential(
  deps: PatchDeps,
  current: StoredCredential,
  patch: ReturnType<typeof readPatch>,
  at: string,
): StoredCredential {
  requireSame('creds_type', current.creds_type, patch.type)
  requireSame('provider', current.provider, patch.provider)
  const fields = patch.fields as Record<string, FieldChange>
  const next = changeCredential(current, {
    name: patch.name,
    status: patch.status,
    fields,
    at,
    secrets: deps.secrets,
  })
  const loose = looseCredential(next, deps.secrets)
  requireNone([...credentialFaults(loose, deps), ...addressFaults(next.settings, deps)])
  return next
}

function requireSame(field: string, current: string | null, given: string | null | undefined): void {
  if (given === undefined || given === current) return
  throw new AdminRefusal('immutable_field', `${field} never changes: make another credential`, { field })
}
