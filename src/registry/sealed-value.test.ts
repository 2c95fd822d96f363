import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEmbeddedStore } from '../store/embedded/embedded.ts'
import { parseMasterKeys } from './master-key.ts'
import { createSealedValue } from './sealed-value.ts'
import { createVault } from './vault.ts'

describe('a sealed value in a store', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelgate-sealed-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  const vaultOf = (fill: number) =>
    createVault({ keys: parseMasterKeys(Buffer.alloc(32, fill).toString('base64')) })
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString())

  it('is the first that was made, for every replica, and never on the disk as it is', async () => {
    const stores = [createEmbeddedStore({ dataDir: dir }), createEmbeddedStore({ dataDir: dir })]
    const values = stores.map(({ blobs }) =>
      createSealedValue({ blobs, vault: vaultOf(1), name: 'signing-key' }),
    )
    expect(await Promise.all(values.map((value) => value.read()))).toEqual([null, null])
    const made = await Promise.all(
      values.map((value, index) => value.create(Buffer.from(`planted-${index}`))),
    )
    expect(made.map(text)).toEqual(['planted-0', 'planted-0'])
    expect(text((await values[1]?.read()) ?? null)).toBe('planted-0')
    await Promise.all(stores.map((store) => store.close()))
    expect((await readFile(join(dir, 'modelgate.db'))).includes('planted')).toBe(false)
  })

  it('cannot be read with another master key, or under another name', async () => {
    const store = createEmbeddedStore({ dataDir: dir })
    const { blobs } = store
    await createSealedValue({ blobs, vault: vaultOf(1), name: 'one' }).create(Buffer.from('planted'))
    const other = createSealedValue({ blobs, vault: vaultOf(2), name: 'one' })
    await expect(other.read()).rejects.toThrow('is not the one this was sealed under')
    await expect(other.create(Buffer.from('new'))).rejects.toThrow('is not the one this was sealed under')
    await blobs.create('two', (await blobs.get('one')) ?? Buffer.alloc(0))
    const moved = createSealedValue({ blobs, vault: vaultOf(1), name: 'two' })
    await expect(moved.read()).rejects.toThrow('sealed for something else')
    await store.close()
  })
})
