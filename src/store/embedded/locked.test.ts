import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createEmbeddedStore } from './embedded.ts'

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'modelgate-store-'))
})
afterEach(() => rm(dataDir, { recursive: true }))

it('is read while another process writes, and its own writes wait without holding up anything', async () => {
  const store = createEmbeddedStore({ dataDir })
  const { position } = await store.registry.fetch(null)
  const other = new DatabaseSync(join(dataDir, 'modelgate.db'))
  other.exec('BEGIN IMMEDIATE')
  const entity = { kind: 'model', id: 'one', json: '{}' } as const
  const began = performance.now()
  expect(await store.registry.fetch(position)).toMatchObject({ position })
  const written = store.registry.commit({ puts: [entity], deletes: [], audit: [] }, position)
  const created = store.blobs.create('key', Uint8Array.of(1))
  const pruned = store.audit.prune(0)
  expect(performance.now() - began).toBeLessThan(1_000)
  other.exec('COMMIT')
  other.close()
  expect(await written).toMatchObject({ kind: 'committed' })
  expect(await created).toEqual(Uint8Array.of(1))
  expect(await pruned).toBe(0)
  await store.close()
})

it('that is damaged is named when it cannot be opened', async () => {
  await createEmbeddedStore({ dataDir }).close()
  const path = join(dataDir, 'modelgate.db')
  await truncate(path, 5_000)
  expect(() => createEmbeddedStore({ dataDir })).toThrow(path)
})
