import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openDatabase } from './open-database.ts'
import { createRegistry } from './registry.ts'

let dataDir: string
let database: DatabaseSync
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'modelgate-store-'))
  database = openDatabase({ dataDir })
})
afterEach(async () => {
  database.close()
  await rm(dataDir, { recursive: true })
})

it('a disk that is full fails a write by name, and changes nothing', async () => {
  const registry = createRegistry(database)
  const { position } = await registry.fetch(null)
  const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count'])
  database.exec(`PRAGMA max_page_count = ${pages}`)
  const large = { kind: 'model', id: 'one', json: JSON.stringify('x'.repeat(100_000)) } as const
  const small = { kind: 'model', id: 'two', json: '{}' } as const
  await expect(
    registry.commit({ puts: [small, large], deletes: [], audit: [] }, position),
  ).rejects.toMatchObject({
    code: 'SQLITE_FULL',
  })
  expect(await registry.fetch(position)).toMatchObject({ position })
  database.exec('PRAGMA max_page_count = 100000')
  expect(await registry.commit({ puts: [small], deletes: [], audit: [] }, position)).toMatchObject({
    kind: 'committed',
  })
})
