import { newCredential } from '../../registry/credential-record.ts'
import { partFields } from '../../registry/part-fields.ts'
import type { InlineCredential } from '../../registry/schema/credential.ts'
import { newEntityId } from '../../registry/stored/codec.ts'
import type { KindedRecord, StoredConnection } from '../../registry/stored/records.ts'
import { addressFaults } from '../credentials/addresses.ts'
import type { AdminDeps } from '../deps.ts'
import { requireNone } from '../records.ts'

interface NewConnection {
  readonly modelId: string
  readonly by: string
  readonly at: string
  readonly declared: Omit<
    StoredConnection,
    'id' | 'version' | 'model_id' | 'credential_id' | 'added_by' | 'added_on' | 'updated_on'
  >
  /** One of the two. */
  readonly credentialId: string | undefined
  readonly inline: InlineCredential | undefined
}

/** A connection's record, after that of its own credential where it brings one. Throws AdminRefusal. */
export function newConnection(
  deps: Pick<AdminDeps, 'secrets' | 'addressFault'>,
  { modelId, by, at, declared, credentialId, inline }: NewConnection,
): { readonly connection: StoredConnection; readonly puts: readonly KindedRecord[] } {
  const id = newEntityId()
  if (inline !== undefined) {
    const faults = addressFaults(partFields(inline).settings, deps)
    requireNone(faults.map((fault) => ({ ...fault, path: ['credentials', ...fault.path] })))
  }
  const own =
    inline === undefined
      ? null
      : newCredential({ declared: inline, inlineOf: id, by, at, secrets: deps.secrets })
  const connection: StoredConnection = {
    ...declared,
    id,
    version: 1,
    model_id: modelId,
    credential_id: own?.id ?? credentialId ?? '',
    added_by: by,
    added_on: at,
    updated_on: at,
  }
  const put: KindedRecord = { kind: 'connection', record: connection }
  return { connection, puts: own === null ? [put] : [{ kind: 'credential', record: own }, put] }
}
