/** The contracts of what is kept. Every implementation passes `contract.suite.ts`. */

/** Values that are sealed before they come here, by name: the gateway's signing key, and its like. Rejects on failure. */
export interface SealedBlobStore {
  get(name: string): Promise<Uint8Array | null>
  /** Stores the value unless there is one already; answers the one that is there then, to every caller the same. */
  create(name: string, value: Uint8Array): Promise<Uint8Array>
}

/** One opened store. */
export interface Store {
  readonly blobs: SealedBlobStore
  /** Once nothing else is asked of it. */
  close(): Promise<void>
}

/** A sealed value is small; this bounds a fault. */
export const MAX_BLOB_BYTES = 1024 * 1024
