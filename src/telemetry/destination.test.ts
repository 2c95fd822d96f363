import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDescriptorDestination, messageKey, type DescriptorOptions, writesOf } from './destination.ts'

let folder: string
let file: string
const closing: (() => void)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelgate-log-'))
  file = join(folder, 'log')
  writeFileSync(file, '')
})
afterEach(() => {
  for (const close of closing.splice(0)) close()
  rmSync(folder, { recursive: true, force: true })
})

function open(options: DescriptorOptions = {}, mode: 'a' | 'r' = 'a') {
  const descriptor = openSync(file, mode)
  const destination = createDescriptorDestination({ descriptor, ...options })
  closing.push(() => {
    destination.close()
    closeSync(descriptor)
  })
  return destination
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await nextTurn()
}

const read = () => readFileSync(file, 'utf8').split('\n').slice(0, -1)

describe('a file', () => {
  it('has every line, in order, once it is flushed', async () => {
    const destination = open()
    const lines = Array.from({ length: 5000 }, (_, index) => `line ${index} ${'ü'.repeat(index % 50)}`)
    for (const [index, line] of lines.entries()) {
      destination.write(`${line}\n`)
      if (index === 3000) await destination.flush()
    }
    await destination.flush()
    expect(read()).toEqual(lines)
  })

  it('gets whole lines with each write, where a write is bounded, and a longer line by itself', async () => {
    const lines = ['a'.repeat(30), 'b'.repeat(30), 'ü'.repeat(90), 'c'.repeat(63), 'd', 'e'.repeat(64), 'f']
    const batch = Buffer.from(lines.map((line) => `${line}\n`).join(''))
    expect(Array.from(writesOf(batch, 64), (part) => part.length)).toEqual([62, 181, 64, 2, 65, 2])
    const destination = open({ maxWriteBytes: 64 })
    for (const line of lines) destination.write(`${line}\n`)
    await destination.flush()
    expect(read()).toEqual(lines)
  })

  it('is flushed at once where nothing waits', async () => {
    const destination = open()
    await destination.flush()
    destination.write('one\n')
    await destination.flush()
    await destination.flush()
    expect(read()).toEqual(['one'])
  })

  it('takes no more than its bound at once, and tells how many lines it lost', async () => {
    const destination = open({ maxBufferedBytes: 20_000 })
    for (let index = 0; index < 1000; index++) destination.write(`${'x'.repeat(99)}\n`)
    await destination.flush()
    destination.write('next\n')
    await destination.flush()
    const kept = read().filter((line) => line.startsWith('x')).length
    expect(kept).toBe(200)
    const [notice] = read().flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as object] : []))
    expect(notice).toMatchObject({ level: 'warn', lines: 800, [messageKey]: 'log lines were dropped' })
    expect(read()).toContain('next')
  })

  it('that cannot be written to fails nobody', async () => {
    const destination = open({}, 'r')
    expect(() => destination.write('lost\n')).not.toThrow()
    await destination.flush()
    expect(() => destination.write('lost too\n')).not.toThrow()
    await destination.flush()
    expect(read()).toEqual([])
  })

  it('gets nothing more after close', async () => {
    const destination = open()
    destination.write('waiting\n')
    destination.close()
    destination.write('late\n')
    await destination.flush()
    expect(read()).toEqual([])
  })

  it('gets what waited long enough without being told', async () => {
    const destination = open({ maxWaitMs: 1 })
    destination.write('one\n')
    await until(() => read().length > 0)
    destination.write('two\n')
    await until(() => read().length > 1)
    expect(read()).toEqual(['one', 'two'])
  })
})

describe('standard output', () => {
  const destination = JSON.stringify(new URL('destination.ts', import.meta.url).href)
  const log = JSON.stringify(new URL('log.ts', import.meta.url).href)
  const unwritable = `
    import { openSync } from 'node:fs'
    import { createDescriptorDestination } from ${destination}
    const destination = createDescriptorDestination({ descriptor: openSync(process.argv[1], 'r') })
    for (let index = 0; index < 100; index++) destination.write('x'.repeat(99))
    process.exitCode = 7`
  const start = (script: string) => {
    const source = `import { createLog } from ${log}\nconst log = createLog({ pretty: false })\n${script}`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source], { timeout: 20_000 })
    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
    return { child, exited }
  }
  const ascending = (one: number, other: number) => one - other
  const write = `for (let index = 0; index < 300; index++) log.info('line', { index })`

  it.each([
    ['is closed', 'await log.close()'],
    ['ends by itself', ''],
    ['exits', 'process.exit(0)'],
    ['dies of an error', `throw new Error('on purpose')`],
  ])('has every line when the process %s', async (_, end) => {
    const { child, exited } = start(`${write}\n${end}`)
    const lines = (await text(child.stdout)).trim().split('\n')
    const indexes = lines.map((line) => (JSON.parse(line) as { index: number }).index)
    // What is written out at the exit may overtake what is being written.
    const inOrder =
      end.startsWith('process') || end.startsWith('throw') ? indexes.toSorted(ascending) : indexes
    expect(inOrder).toEqual(Array.from({ length: 300 }, (__, index) => index))
    expect(await exited).toBe(end.startsWith('throw') ? 1 : 0)
  })

  it.each(['', 'process.exit()'])(
    'may be what cannot be written to: the process ends all the same (%s)',
    async (end) => {
      const child = spawn(
        process.execPath,
        ['--input-type=module', '--eval', `${unwritable}\n${end}`, file],
        {
          timeout: 20_000,
        },
      )
      const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
      expect(await exited).toBe(7)
    },
  )

  it('may have a reader that does not read: the process ends all the same', async () => {
    const { child, exited } = start(`
      for (let index = 0; index < 20_000; index++) log.info('line', { index })
      await log.close()
      process.exit(7)`)
    child.stdout.pause()
    expect(await exited).toBe(7)
  })

  it('may lose its reader: the process goes on, and can still be closed', async () => {
    const { child, exited } = start(`
      process.stdin.once('data', async () => {
        ${write}
        await log.flush()
        ${write}
        await log.close()
        log.info('after the end')
        process.exitCode = 7
        process.stdin.destroy()
      })`)
    child.stdout.destroy()
    child.stdin.end('go')
    expect(await exited).toBe(7)
  })
})
