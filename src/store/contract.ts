/**
 * The contracts of what is kept, durable or shared. Every implementation passes `contract.suite.ts`. Every method
 * rejects with an Error where the store fails or does not answer in time; none waits for ever. Times are durations by
 * the store's own clock, since the clocks of replicas differ.
 */

/** Values that are sealed before they come here, by name: the gateway's signing key, and its like. */
export interface SealedBlobStore {
  get(name: string): Promise<Uint8Array | null>
  /** Stores the value unless there is one already; answers the one that is there then, to every caller the same. */
  create(name: string, value: Uint8Array): Promise<Uint8Array>
  /** Puts `next` in the place of exactly `current`; false where another value stands there. For re-wrapping. */
  replace(name: string, current: Uint8Array, next: Uint8Array): Promise<boolean>
}

export const entityKinds = ['credential', 'model', 'connection', 'team', 'key', 'route'] as const
export type EntityKind = (typeof entityKinds)[number]

/** An entity as it is kept. `json` holds secrets only sealed; what is in it is `registry/`'s to know. */
export interface StoredEntity {
  readonly kind: EntityKind
  readonly id: string
  readonly json: string
}

export type EntityKey = Pick<StoredEntity, 'kind' | 'id'>

/**
 * Where a registry stands. `epoch` is drawn at random when a registry begins (the store's first use), so that an
 * emptied store is told from one that is behind; `revision` counts its commits, from 0.
 */
export interface RegistryPosition {
  readonly epoch: string
  readonly revision: number
}

export interface RegistryChanges {
  /** Where the registry stands with these changes. */
  readonly position: RegistryPosition
  /**
   * Everything there is, rather than what changed: there was no `since`, or it is of another epoch or too long ago, or
   * the store cannot tell that it still holds what it held then, as after a failover. To be taken in any case, even where
   * the revision is the same.
   */
  readonly whole: boolean
  readonly entities: readonly StoredEntity[]
  /** Empty where `whole`. */
  readonly deleted: readonly EntityKey[]
}

/** One line of the audit trail; `json` carries its own HMAC and that of the one before. */
export interface StoredAuditEntry {
  /** From 1, without gaps. */
  readonly sequence: number
  /** Wall clock of the writer, ms since 1970: for retention. */
  readonly at: number
  readonly json: string
}

/** What is written as one: all of it or nothing. */
export interface RegistryBatch {
  readonly puts: readonly StoredEntity[]
  readonly deletes: readonly EntityKey[]
  /** Continues the trail: the first has the sequence after the last one kept. */
  readonly audit: readonly StoredAuditEntry[]
}

/** `conflict`: the registry or the trail has moved on, and nothing was written. */
export type CommitResult =
  | { readonly kind: 'committed'; readonly position: RegistryPosition }
  | { readonly kind: 'conflict' }

export interface RegistryStore {
  /** What changed after `since`; everything where it is null. One consistent state, however large. */
  fetch(since: RegistryPosition | null): Promise<RegistryChanges>
  /**
   * Writes a batch if the registry stands where the writer believes it to. A batch without puts and deletes leaves the
   * revision alone and asks only that the trail stands there (`expected` null). Rejects with BatchTooLarge.
   */
  commit(batch: RegistryBatch, expected: RegistryPosition | null): Promise<CommitResult>
  /** Called with the new position soon after each commit, whoever made it; some may be missed. Answers what ends it. */
  watch(listener: (position: RegistryPosition) => void): () => void
}

export interface AuditStore {
  /** The newest entry; null where there is none. */
  last(): Promise<StoredAuditEntry | null>
  /** Up to `limit` (1 to 1,000) entries with a sequence below `before` (null: from the newest), newest first. */
  page(query: {
    readonly before: number | null
    readonly limit: number
  }): Promise<readonly StoredAuditEntry[]>
  /** Lets go of the oldest entries from before `at`, but never of the newest. Answers how many. */
  prune(at: number): Promise<number>
}

/** Why a connection is out, as replicas tell it to one another; `json` is `routing/`'s (reason, message, ejections). */
export interface SharedOutage {
  /** Until its cooldown ends, ms; 0 where it has ended and the trial is awaited. */
  readonly remainingMs: number
  readonly json: string
  /**
   * Grows with every outage that comes to stand, over a loss of data too; one that is told and does not last longer leaves
   * the standing one its own. A recovery names the one that it ends.
   */
  readonly sequence: number
}

export interface OutageChange {
  readonly connectionId: string
  /** `null`: it is back. */
  readonly outage: SharedOutage | null
  /** Of this outage; where it is back, of the one that ended: an outage told later still stands. */
  readonly sequence: number
}

export interface PoolStore {
  /** Puts a connection out; of two outages the one that ends later stands. Answers the one that stands, to all watchers told. */
  eject(connectionId: string, outage: Omit<SharedOutage, 'sequence'>): Promise<SharedOutage>
  /** Ends an outage, unless a later one than `sequence` was told meanwhile. Answers whether it is back. */
  restore(connectionId: string, sequence: number): Promise<boolean>
  /** All that are out. Outages whose cooldown ended more than a day ago may be gone. */
  outages(): Promise<ReadonlyMap<string, SharedOutage>>
  /** Of the first outage of all that it was told of; what has a smaller one it has forgotten. Infinity: there was none. */
  firstSequence(): Promise<number>
  /** Called with every change, this process's own included; some may be missed. Answers what ends it. */
  watch(listener: (change: OutageChange) => void): () => void
}

/** A right that one holder has at a time, for a while. */
export interface LeaseStore {
  /** Takes or prolongs it. `held: false`: another has it for `remainingMs` more. */
  take(
    name: string,
    holder: string,
    ms: number,
  ): Promise<{ readonly held: boolean; readonly remainingMs: number }>
  /** Gives it up, if it is this holder's. */
  release(name: string, holder: string): Promise<void>
}

/** What was seen of something's health. The newest of each kind is kept. */
export interface Evidence {
  /** A connection's id, or `credential:` and a credential's. */
  readonly id: string
  readonly kind: 'success' | 'failure'
  /** How long ago, ms. */
  readonly ageMs: number
  /** `routing/`'s: who saw it, latency, reason, message. */
  readonly json: string
}

export interface EvidenceStore {
  /** Many at once: replicas gather before they tell. */
  report(evidence: readonly Evidence[]): Promise<void>
  /** All there is; what is older than a week may be gone. */
  all(): Promise<readonly Evidence[]>
}

/** One opened store. */
export interface Store {
  readonly blobs: SealedBlobStore
  readonly registry: RegistryStore
  readonly audit: AuditStore
  readonly pool: PoolStore
  readonly leases: LeaseStore
  readonly evidence: EvidenceStore
  /** Whether replicas may share it: then what it says of others is news. */
  readonly shared: boolean
  /** Whether it answers and takes writes, as last known; a store in the process always does. */
  readonly up: () => boolean
  /** Called whenever `up()` changes, and after every return of a lost link, when whatever was watched may have been missed. */
  onLink(listener: (up: boolean) => void): () => void
  /** Once nothing else is asked of it. */
  close(): Promise<void>
}

/** A sealed value is small; this bounds a fault. */
export const MAX_BLOB_BYTES = 1024 * 1024
/** One entity as JSON. */
export const MAX_ENTITY_BYTES = 1024 * 1024
