import type { Store } from '../contract.ts'
import { openDatabase } from './open-database.ts'
import { createSealedBlobs } from './sealed-blobs.ts'

/** The store of a single process, in one file in `dataDir`. Throws an Error where the file cannot be opened. */
export function createEmbeddedStore({ dataDir }: { dataDir: string }): Store {
  const database = openDatabase({ dataDir })
  return {
    blobs: createSealedBlobs(database),
    async close() {
      if (database.isOpen) database.close()
    },
  }
}
