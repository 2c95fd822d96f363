import type { DatabaseSync } from 'node:sqlite'
import { MAX_BLOB_BYTES, type SealedBlobStore } from '../contract.ts'

export function createSealedBlobs(database: DatabaseSync): SealedBlobStore {
  const select = database.prepare('SELECT value FROM sealed_blob WHERE name = ?')
  const insert = database.prepare(
    'INSERT INTO sealed_blob (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING',
  )

  function read(name: string): Uint8Array | null {
    const value = select.get(name)?.['value']
    return value instanceof Uint8Array ? value : null
  }

  return {
    get: async (name) => read(name),
    async create(name, value) {
      if (value.length > MAX_BLOB_BYTES)
        throw new Error(`a blob may not be larger than ${MAX_BLOB_BYTES} bytes`)
      insert.run(name, value)
      return read(name) ?? value
    },
  }
}
