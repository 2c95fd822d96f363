import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEmbeddedStore } from './embedded.ts'

const module = new URL('embedded.ts', import.meta.url).href

describe('a directory that a gateway serves from', () => {
  let dataDir: string

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'modelgate-store-'))
  })
  afterEach(() => rm(dataDir, { recursive: true }))

  it('is refused to another gateway until the first lets go of it', async () => {
    const first = createEmbeddedStore({ dataDir, serves: true })
    expect(() => createEmbeddedStore({ dataDir, serves: true })).toThrow(
      `${dataDir} is served by another gateway`,
    )
    expect(await readdir(dataDir)).not.toContain('gateway.lock-journal')
    await first.close()
    await createEmbeddedStore({ dataDir, serves: true }).close()
    expect((await stat(join(dataDir, 'gateway.lock'))).mode & 0o777).toBe(0o600)
  })

  it('is open to commands beside the gateway', async () => {
    const gateway = createEmbeddedStore({ dataDir, serves: true })
    const command = createEmbeddedStore({ dataDir })
    await command.blobs.create('key', Uint8Array.of(1))
    await command.close()
    expect(await gateway.blobs.get('key')).toEqual(Uint8Array.of(1))
    expect(() => createEmbeddedStore({ dataDir, serves: true })).toThrow('served by another gateway')
    await gateway.close()
  })

  it('is free again when the gateway was killed', async () => {
    const held = `
      import { createEmbeddedStore } from ${JSON.stringify(module)}
      createEmbeddedStore({ dataDir: ${JSON.stringify(dataDir)}, serves: true })
      process.stdout.write('held')
      setInterval(() => undefined, 1_000)`
    const gateway = spawn(process.execPath, ['--input-type=module', '-e', held], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const gone = once(gateway, 'exit')
    try {
      await once(gateway.stdout, 'data')
      expect(() => createEmbeddedStore({ dataDir, serves: true })).toThrow('served by another gateway')
    } finally {
      gateway.kill('SIGKILL')
      await gone
    }
    await createEmbeddedStore({ dataDir, serves: true }).close()
  })
})
