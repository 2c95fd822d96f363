import type { DatabaseSync } from 'node:sqlite'
import { refuseLarge } from '../bounds.ts'
import { type SealedBlobStore } from '../contract.ts'
import { whenFree } from './when-free.ts'

export function createSealedBlobs(database: DatabaseSync): SealedBlobStore {
  const select = database.prepare('SELECT value FROM sealed_blob WHERE name = ?')
  const insert = database.prepare(
    'INSERT INTO sealed_blob (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING',
  )
  const update = database.prepare('UPDATE sealed_blob SET value = ? WHERE name = ? AND value = ?')

  function read(name: string): Uint8Array | null {
    const value = select.get(name)?.['value']
    return value instanceof Uint8Array ? value : null
  }

  return {
    get: async (name) => read(name),
    async create(name, value) {
      refuseLarge(value)
      await whenFree(() => insert.run(name, value))
      return read(name) ?? value
    },
    async replace(name, current, next) {
      refuseLarge(next)
      return whenFree(() => update.run(next, name, current).changes === 1)
    },
  }
}
