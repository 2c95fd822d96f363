import type { CredentialSecrets } from '../credential-secrets.ts'
import { decodeRecord } from '../stored/codec.ts'
import type { KindedRecord, StoredCredential } from '../stored/records.ts'
import type { StoredState } from '../stored/state.ts'
import { type Vault, VaultError } from '../vault.ts'
import type { Transfer } from './transfer-file.ts'

export type ImportedRecord = KindedRecord

interface CheckOptions {
  readonly file: Transfer
  readonly vault: Vault
  /** By name, what is sealed beside the registry. */
  readonly sealed: readonly (readonly [string, Uint8Array])[]
}

const MAX_TOLD = 10

/**
 * The file's entities as records. Throws an Error that names all that stands in the way: what this version cannot
 * read, and the master keys that are missing.
 */
export function checkRecords({ file: { entities }, vault, sealed }: CheckOptions): ImportedRecord[] {
  const faults = new Set<string>()
  const seen = new Set<string>()
  const records: ImportedRecord[] = []
  const tryOpening = (what: string, id: string, value: Uint8Array) => {
    try {
      vault.open(id, value)
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      faults.add(error.failure === 'damaged' ? `${what}: ${error.message}` : error.message)
    }
  }
  for (const [name, value] of sealed) tryOpening(name, name, value)
  for (const [index, entity] of entities.entries()) {
    const place = `line ${index + 2} of the file (${entity.kind} ${JSON.stringify(entity.id)})`
    const record = decodeRecord(entity)
    const key = `${entity.kind} ${entity.id}`
    if ('message' in record) faults.add(`${place} ${record.message}`)
    else {
      if (record.kind === 'credential' && record.record.sealed !== null) {
        tryOpening(place, entity.id, Buffer.from(record.record.sealed, 'base64'))
      }
      if (seen.has(key)) faults.add(`${place} is there twice`)
      records.push(record)
    }
    seen.add(key)
  }
  if (faults.size > 0) throw new Error(toldOf([...faults]))
  return records
}

function toldOf(faults: readonly string[]): string {
  const more = faults.length > MAX_TOLD ? [`and ${faults.length - MAX_TOLD} more`] : []
  return ['The file cannot be taken:', ...faults.slice(0, MAX_TOLD), ...more].join('\n  ')
}

interface SettleOptions {
  readonly record: ImportedRecord
  /** What the store holds. */
  readonly before: StoredState
  readonly vault: Vault
  /** null: fingerprints are the store's already. */
  readonly secrets: CredentialSecrets | null
}

/**
 * An entity as it stands in its new store: sealed under that vault's first key, with that store's fingerprints, and
 * with a version that nobody has seen on another content there.
 */
export function settleRecord({ record: kinded, before, vault, secrets }: SettleOptions): ImportedRecord {
  const { kind, record } = kinded
  const there = before[`${kind}s`].get(record.id)
  const version = Math.max(record.version, (there?.version ?? 0) + 1)
  if (kind !== 'credential') return { kind, record: { ...record, version } } as ImportedRecord
  return {
    kind,
    record: {
      ...record,
      version,
      sealed: sealedAnew(record, vault),
      secrets: secrets === null ? record.secrets : fingerprintsOf(record, secrets),
    },
  }
}

function sealedAnew({ id, sealed }: StoredCredential, vault: Vault): string | null {
  if (sealed === null) return null
  const anew = vault.rewrap(id, Buffer.from(sealed, 'base64'))
  return anew === null ? sealed : Buffer.from(anew).toString('base64')
}

function fingerprintsOf(record: StoredCredential, keeper: CredentialSecrets): StoredCredential['secrets'] {
  const { secrets, fault } = keeper.open(record)
  if (fault !== null) throw fault
  return Object.fromEntries(
    Object.entries(record.secrets).map(([name, shown]) => {
      const secret = secrets[name]
      return [name, secret === undefined ? shown : { ...shown, fingerprint: keeper.fingerprint(secret) }]
    }),
  )
}
