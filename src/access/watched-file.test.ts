import { mkdir, mkdtemp, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createManualClock } from './testing/manual-clock.ts'
import { createMemoryFiles } from './testing/memory-files.ts'
import { createWatchedFile, readIfChanged } from './watched-file.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watched-file-'))
})

afterEach(() => rm(folder, { recursive: true }))

describe('readIfChanged', () => {
  it('reads a file only when it is another', async () => {
    const path = join(folder, 'token')
    await writeFile(path, 'one')
    const first = await readIfChanged(path, null)
    expect(first?.text).toBe('one')
    expect(await readIfChanged(path, first?.version ?? null)).toBeNull()
    await writeFile(path, 'two')
    await utimes(path, 1, 1)
    const second = await readIfChanged(path, first?.version ?? null)
    expect(second?.text).toBe('two')
  })

  it('follows links as Kubernetes moves them, though time and size stay the same', async () => {
    for (const version of ['v1', 'v2']) {
      await mkdir(join(folder, version))
      await writeFile(join(folder, version, 'token'), version)
      await utimes(join(folder, version, 'token'), 1, 1)
    }
    await symlink('v1', join(folder, 'current'))
    const path = join(folder, 'current', 'token')
    const first = await readIfChanged(path, null)
    await symlink('v2', join(folder, 'next'))
    await rename(join(folder, 'next'), join(folder, 'current'))
    expect((await readIfChanged(path, first?.version ?? null))?.text).toBe('v2')
  })

  it('refuses what is missing, no file, or too large', async () => {
    const path = join(folder, 'large')
    await writeFile(path, '')
    await truncate(path, 1024 * 1024 + 1)
    await expect(readIfChanged(path, null)).rejects.toThrow('is larger than')
    await expect(readIfChanged(folder, null)).rejects.toThrow('is not a file')
    await expect(readIfChanged(join(folder, 'missing'), null)).rejects.toThrow('ENOENT')
  })
})

describe('a watched file', () => {
  it('keeps its last text while it cannot be read', async () => {
    const clock = createManualClock()
    const files = createMemoryFiles({ '/token': ' one\n' })
    const text = createWatchedFile({ path: '/token', readFile: files.readFile, clock })
    expect(await text()).toBe('one')
    files.remove('/token')
    clock.advance(1_000)
    expect(await text()).toBe('one')
    files.write('/token', 'two')
    expect(text()).toBe('one')
    clock.advance(1_000)
    expect(await text()).toBe('two')
  })

  it('is tried again at once where it could never be read', async () => {
    const files = createMemoryFiles()
    const text = createWatchedFile({ path: '/token', readFile: files.readFile, clock: createManualClock() })
    await expect(text()).rejects.toThrow('no file')
    files.write('/token', 'one')
    expect(await text()).toBe('one')
  })

  it('is not waited for longer than its deadline', async () => {
    const text = createWatchedFile({
      path: '/token',
      readFile: () => new Promise(() => {}),
      clock: createManualClock(),
      timeoutMs: 10,
    })
    await expect(text()).rejects.toThrow('no answer within 10 ms')
  })
})
