import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findConfig, loadConfig } from './config.ts'
import { createProviders } from './providers/index.ts'

const own = new URL('../config/modelgate.yaml', import.meta.url).pathname

describe('the configuration file', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelgate-config-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('is the one named, else the one below the working directory, else the package’s', async () => {
    expect(findConfig({ environment: {}, directory: dir })).toBe(own)
    await mkdir(join(dir, 'config'))
    await writeFile(join(dir, 'config', 'modelgate.yaml'), '')
    expect(findConfig({ environment: {}, directory: dir })).toBe('config/modelgate.yaml')
    const environment = { MODELGATE_CONFIG: '/etc/other.yaml' }
    expect(findConfig({ environment, directory: dir })).toBe('/etc/other.yaml')
  })

  it('is read from the real file system', async () => {
    const path = join(dir, 'modelgate.yaml')
    await writeFile(path, 'limits: { max_inflight: 7 }')
    const result = await loadConfig({ path, environment: {}, providers: createProviders() })
    expect(result).toMatchObject({ config: { limits: { max_inflight: 7 } } })
  })

  it('that is not there, or a folder, is a fault that names it', async () => {
    for (const path of [join(dir, 'none.yaml'), dir]) {
      const result = await loadConfig({ path, environment: {}, providers: createProviders() })
      expect(result).toMatchObject({
        faults: [{ line: null, message: expect.stringContaining(path) as string }],
      })
    }
  })
})
