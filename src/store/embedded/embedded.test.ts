import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { storeContract } from '../contract.suite.ts'
import { createEmbeddedStore } from './embedded.ts'

storeContract('embedded store', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'modelgate-store-'))
  return {
    open: async () => createEmbeddedStore({ dataDir: join(dir, 'data') }),
    remove: () => rm(dir, { recursive: true }),
  }
})

describe('embedded store: its file', () => {
  let dir: string
  let dataDir: string
  const mode = async (name: string) => (await stat(join(dataDir, name))).mode & 0o777

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelgate-store-'))
    dataDir = join(dir, 'deep', 'data')
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('is for its owner alone, side files included', async () => {
    const store = createEmbeddedStore({ dataDir })
    await store.blobs.create('key', Uint8Array.of(1))
    expect(await mode('.')).toBe(0o700)
    expect(await mode('modelgate.db')).toBe(0o600)
    expect(await mode('modelgate.db-wal')).toBe(0o600)
    await store.close()
  })

  it('keeps the mode that an operator gave it', async () => {
    await createEmbeddedStore({ dataDir }).close()
    await chmod(join(dataDir, 'modelgate.db'), 0o640)
    await createEmbeddedStore({ dataDir }).close()
    expect(await mode('modelgate.db')).toBe(0o640)
  })

  it('of a newer version is refused and left as it is', async () => {
    await createEmbeddedStore({ dataDir }).close()
    const database = new DatabaseSync(join(dataDir, 'modelgate.db'))
    database.exec('PRAGMA user_version = 1000')
    expect(() => createEmbeddedStore({ dataDir })).toThrow('newer version')
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1000 })
    database.close()
  })
})
