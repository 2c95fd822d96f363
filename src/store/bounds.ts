import { MAX_BLOB_BYTES, MAX_ENTITY_BYTES, type RegistryBatch, type RegistryPosition } from './contract.ts'

/** Deleted entities that are remembered, so that replicas need not fetch everything; the oldest are forgotten first. */
export const MAX_DELETED = 10_000
/** An outage is kept this long after its cooldown, ms. */
export const OUTAGE_KEPT_MS = 24 * 60 * 60 * 1000
/** Evidence is kept this long, ms. */
export const EVIDENCE_KEPT_MS = 7 * OUTAGE_KEPT_MS

/** A batch has more changes than a store takes at once. Nothing of it was written, nor would be if it came again. */
export class BatchTooLarge extends Error {
  constructor(changes: number, most: number) {
    super(`This is ${changes} changes at once, of which the store takes ${most}: nothing was changed.`)
    this.name = 'BatchTooLarge'
  }
}

export function refuseLarge(blob: Uint8Array): void {
  if (blob.length > MAX_BLOB_BYTES) throw new Error(`a blob may not be larger than ${MAX_BLOB_BYTES} bytes`)
}

/** Throws where a batch breaks the contract, whatever the store holds. */
export function checkBatch({ puts, deletes, audit }: RegistryBatch, expected: RegistryPosition | null): void {
  if (expected === null && puts.length + deletes.length > 0) {
    throw new Error('changes to the registry need the position that they are built on')
  }
  if (audit.some(({ at }) => !Number.isSafeInteger(at) || at < 0)) {
    throw new Error('the time of an audit entry must be whole milliseconds since 1970')
  }
  for (const { kind, id, json } of puts) {
    if (Buffer.byteLength(json) > MAX_ENTITY_BYTES) {
      throw new Error(`${kind} ${id} is larger than ${MAX_ENTITY_BYTES} bytes`)
    }
  }
}

export function checkPageLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw new RangeError('a page has 1 to 1,000 entries')
}
