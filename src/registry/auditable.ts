import type { KindedRecord } from './stored/records.ts'

/** A record as the audit trail shows it: of its secrets only that they are set, and their fingerprints. */
export function auditable({ kind, record }: KindedRecord): Readonly<Record<string, unknown>> {
  if (kind !== 'credential') return record
  const { sealed: _sealed, secrets, ...shown } = record
  const set = Object.entries(secrets).map(([name, { fingerprint }]) => [name, { set: true, fingerprint }])
  return { ...shown, secrets: Object.fromEntries(set) }
}
