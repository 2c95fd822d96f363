import type { KindedRecord, StoredConnection, StoredCredential } from '../../registry/stored/records.ts'
import type { StoredState } from '../../registry/stored/state.ts'
import { defined } from '../defined.ts'
import type { AdminDeps } from '../deps.ts'
import { connectionFaults } from '../model-rules.ts'
import { changedInline, fieldsUnder } from '../models/change.ts'
import { draftOf, requireNone } from '../records.ts'
import { AdminRefusal, notFound } from '../refusal.ts'
import type { ConnectionPatch } from './schema.ts'

/** The change that a `PATCH` of a connection makes, its own credential's included. Throws AdminRefusal. */
export function changeConnection(
  deps: AdminDeps,
  at: StoredState,
  current: StoredConnection,
  patch: ConnectionPatch,
  now: string,
) {
  if (patch.name !== undefined && patch.name.trim() !== current.name) {
    const message = 'name never changes: clients and metrics know the connection by it'
    throw new AdminRefusal('immutable_field', message, { field: 'name' })
  }
  const model = at.models.get(current.model_id)
  if (model === undefined) throw notFound('model')
  const own = ownCredential(at, current)
  const isReplaced =
    patch.llm_credentials_id !== undefined && patch.llm_credentials_id !== current.credential_id
  const inline = patch.credentials === undefined ? null : inlineOf(deps, own, patch, now)
  const next = patchedConnection(current, patch, now)
  const connections = at.connectionsOfModel(model.id).map((one) => (one.id === next.id ? next : one))
  const changed = new Map(
    inline === null ? [] : [[inline.after.record.id, inline.after.record as StoredCredential]],
  )
  requireNone(connectionFaults(deps, at, { model, connections, changed }))
  const dropped: KindedRecord[] = isReplaced && own !== null ? [{ kind: 'credential', record: own }] : []
  const before: KindedRecord = { kind: 'connection', record: current }
  const after: KindedRecord = { kind: 'connection', record: next }
  return {
    puts: [after, ...(inline === null ? [] : [inline.after])],
    deletes: dropped.map(({ kind, record }) => ({ kind, id: record.id })),
    audit: [
      draftOf('connection.update', before, after),
      ...(inline === null ? [] : [draftOf('credential.update', inline.before, inline.after)]),
      ...dropped.map((one) => draftOf('credential.delete', one, null)),
    ],
    result: undefined,
  }
}

/** The credential that belongs to a connection; null where it uses a saved one. */
export function ownCredential(
  at: StoredState,
  { credential_id: id }: StoredConnection,
): StoredCredential | null {
  const credential = at.credentials.get(id)
  return credential === undefined || credential.inline_of === null ? null : credential
}

function inlineOf(deps: AdminDeps, own: StoredCredential | null, patch: ConnectionPatch, now: string) {
  if (own === null || patch.llm_credentials_id !== undefined) {
    const message = 'The connection has no credential of its own: change the one that it uses.'
    throw new AdminRefusal('conflict', message, { field: 'credentials' })
  }
  return changedInline(deps, own, fieldsUnder(patch.credentials ?? {}), now)
}

function patchedConnection(current: StoredConnection, patch: ConnectionPatch, now: string): StoredConnection {
  const { provider, region, custom, ...kept } = current
  const optional = <Value>(given: Value | null | undefined, was: Value | undefined) =>
    given === undefined ? was : given
  const usual = <Value>(given: Value | null | undefined, was: Value, cleared: Value) =>
    given === undefined ? was : (given ?? cleared)
  return {
    ...kept,
    ...defined({
      provider: optional(patch.provider, provider),
      region: optional(patch.region, region),
      custom: optional(patch.custom, custom),
    }),
    credential_id: patch.llm_credentials_id ?? current.credential_id,
    model_name: patch.model_name ?? current.model_name,
    weight: usual(patch.weight, current.weight, 1),
    priority: usual(patch.priority, current.priority, 0),
    enabled: usual(patch.enabled, current.enabled, true),
    probe: usual(patch.probe, current.probe, true),
    overrides: usual(patch.overrides, current.overrides, {}),
    version: current.version + 1,
    updated_on: now,
  }
}
