import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readDuration } from './duration.ts'
import { readBounded } from './read-bounded.ts'
import { writeLines } from './write-lines.ts'

describe('a file of lines', () => {
  let dir: string
  let path: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelgate-lines-'))
    path = join(dir, 'file')
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('is whole, in its order, and for its owner alone', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`)
    await writeLines({ lines, path })
    expect(await readFile(path, 'utf8')).toBe(lines.join(''))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await readBounded({ path })).toString()).toBe(lines.join(''))
  })

  it('that would be too large, or whose lines break off, leaves the former one', async () => {
    await writeFile(path, 'the former')
    const lines = ['x'.repeat(60), 'y'.repeat(60)]
    await expect(writeLines({ lines, path, maxBytes: 100 })).rejects.toThrow('larger than 100 bytes')
    const broken = (function* () {
      yield 'x'
      throw new Error('broken off')
    })()
    await expect(writeLines({ lines: broken, path })).rejects.toThrow('broken off')
    expect(await readFile(path, 'utf8')).toBe('the former')
    expect(await readdir(dir)).toEqual(['file'])
  })

  it('is read to its bound and no further', async () => {
    await writeFile(path, 'x'.repeat(100_001))
    expect(await readBounded({ path, maxBytes: 100_001 })).toHaveLength(100_001)
    await expect(readBounded({ path, maxBytes: 100_000 })).rejects.toThrow('larger than 100000 bytes')
  })
})

describe('a duration', () => {
  it.each([
    ['90s', 90],
    ['30m', 1_800],
    ['24h', 86_400],
    ['7d', 604_800],
    ['0h', null],
    ['24', null],
    ['-1h', null],
    ['1.5h', null],
    ['1h30m', null],
    ['', null],
    [true, null],
  ])('%j', (text, seconds) => {
    expect(readDuration(text)).toBe(seconds)
  })
})
