import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEmbeddedStore } from './embedded.ts'

describe('a store that is opened exclusively', () => {
  let dataDir: string

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'modelgate-store-'))
  })
  afterEach(() => rm(dataDir, { recursive: true }))

  it('is refused while another has it open, even if it does nothing', async () => {
    const first = createEmbeddedStore({ dataDir })
    await first.blobs.create('key', Uint8Array.of(1))
    expect(() => createEmbeddedStore({ dataDir, exclusive: true })).toThrow(
      'is in use by another process, which must be stopped for this',
    )
    expect(await first.blobs.get('key')).toEqual(Uint8Array.of(1))
    await first.close()
    const alone = createEmbeddedStore({ dataDir, exclusive: true })
    expect(await alone.blobs.get('key')).toEqual(Uint8Array.of(1))
    await alone.close()
  })

  it('keeps others out from the first moment until it is closed', async () => {
    const alone = createEmbeddedStore({ dataDir, exclusive: true })
    expect(() => createEmbeddedStore({ dataDir, exclusive: true })).toThrow('in use by another process')
    await alone.blobs.create('key', Uint8Array.of(1))
    await alone.close()
    const after = createEmbeddedStore({ dataDir })
    expect(await after.blobs.get('key')).toEqual(Uint8Array.of(1))
    await after.close()
  })
})
