import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadMasterKeys } from './master-key.ts'

const run = promisify(execFile)

describe('master.key', () => {
  let dir: string
  let dataDir: string
  const textOf = (keys: ReturnType<typeof loadMasterKeys>) => keys[0].key.export().toString('base64')

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelgate-key-'))
    dataDir = join(dir, 'deep', 'data')
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('is made once, for its owner alone, and kept', async () => {
    const keys = loadMasterKeys({ dataDir })
    expect((await stat(join(dataDir, 'master.key'))).mode & 0o777).toBe(0o600)
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    expect(await readdir(dataDir)).toEqual(['master.key'])
    expect((await readFile(join(dataDir, 'master.key'), 'utf8')).trim()).toBe(textOf(keys))
    expect(textOf(loadMasterKeys({ dataDir }))).toBe(textOf(keys))
  })

  it('is another on another machine', () => {
    expect(textOf(loadMasterKeys({ dataDir }))).not.toBe(textOf(loadMasterKeys({ dataDir: `${dataDir}-2` })))
  })

  it('is the same for all of several processes that make it at once', async () => {
    const source = new URL('master-key.ts', import.meta.url).href
    const program = `
      const { loadMasterKeys } = await import(${JSON.stringify(source)})
      const [{ key }] = loadMasterKeys({ dataDir: ${JSON.stringify(dataDir)} })
      process.stdout.write(key.export().toString('base64'))`
    const processes = Array.from({ length: 4 }, () =>
      run(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 }),
    )
    const keys = (await Promise.all(processes)).map(({ stdout }) => stdout)
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toHaveLength(44)
    expect(await readdir(dataDir)).toEqual(['master.key'])
  })

  it('that is damaged is told by its path, not by its text, and never replaced', async () => {
    loadMasterKeys({ dataDir })
    const path = join(dataDir, 'master.key')
    await writeFile(path, 'not-a-key-but-long-enough')
    expect(() => loadMasterKeys({ dataDir })).toThrow(`${path} must be 32 bytes in base64`)
    expect(() => loadMasterKeys({ dataDir })).not.toThrow('not-a-key')
    expect(await readFile(path, 'utf8')).toBe('not-a-key-but-long-enough')
  })
})
