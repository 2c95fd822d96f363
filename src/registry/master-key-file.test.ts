import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addNewKey, dropOldKeys } from './master-key-file.ts'
import { loadMasterKeys } from './master-key.ts'

describe('the rotation of a generated master key', () => {
  let dataDir: string
  const ids = (keys: readonly { id: string }[]) => keys.map(({ id }) => id)

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'modelgate-keys-'))
  })
  afterEach(() => rm(dataDir, { recursive: true }))

  it('keeps both keys until the old one is dropped', async () => {
    const [old] = loadMasterKeys({ dataDir })
    const both = addNewKey({ dataDir })
    expect(ids(both)).toEqual([expect.stringMatching(/^generated-[0-9a-f]{8}$/), 'default'])
    expect(both[1]?.key.equals(old.key)).toBe(true)
    expect(both[0].key.equals(old.key)).toBe(false)
    const read = loadMasterKeys({ dataDir })
    expect(read.map(({ id, key }, index) => id === both[index]?.id && key.equals(both[index].key))).toEqual([
      true,
      true,
    ])
    dropOldKeys({ dataDir, keys: both })
    const left = loadMasterKeys({ dataDir })
    expect(ids(left)).toEqual([both[0].id])
    expect(left[0].key.equals(both[0].key)).toBe(true)
  })

  it('goes on with the key that it made where it was broken off', () => {
    const first = addNewKey({ dataDir })
    const again = addNewKey({ dataDir })
    expect(ids(again)).toEqual(ids(first))
    expect(again[0].key.equals(first[0].key)).toBe(true)
  })

  it('leaves one file, for its owner alone, with other keys than before', async () => {
    loadMasterKeys({ dataDir })
    const before = (await readFile(join(dataDir, 'master.key'), 'utf8')).trim()
    dropOldKeys({ dataDir, keys: addNewKey({ dataDir }) })
    expect(await readdir(dataDir)).toEqual(['master.key'])
    expect((await stat(join(dataDir, 'master.key'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(dataDir, 'master.key'), 'utf8')).not.toContain(before)
  })
})
