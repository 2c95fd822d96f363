import { EventEmitter } from 'node:events'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryFiles } from '../access/testing/memory-files.ts'
import { readIfChanged } from '../access/watched-file.ts'
import { createCatalogue } from '../registry/testing/catalogue.ts'
import { loadFile, type Config, type LoadResult } from './load.ts'
import { needsRestart } from './restart.ts'
import { createConfigWatcher } from './watch.ts'

const path = '/etc/modelgate.yaml'
const textWith = (dir: string) => `state: { data_dir: ${dir} }\n`

async function createScene(initial: Record<string, string> = { [path]: textWith('one') }) {
  const files = createMemoryFiles(initial)
  const told: string[] = []
  let loads = 0
  const load = async (): Promise<LoadResult> => {
    loads += 1
    return loadFile({ path, environment: {}, readFile: files.readFile, providers: createCatalogue() })
  }
  const signals = new EventEmitter()
  let tick = (): void => {}
  let isTicking = true
  const watcher = createConfigWatcher({
    load,
    files: (await load()).files,
    onChange: (config) => told.push(config.state.data_dir),
    onFault: (faults) => told.push(...faults.map(({ line, message }) => `${line}: ${message}`)),
    readFile: files.readFile,
    signals,
    every: (_, task) => {
      tick = task
      return () => {
        isTicking = false
      }
    },
  })
  return { files, told, watcher, signals, tick: () => tick(), loads: () => loads, isTicking: () => isTicking }
}

describe('a running configuration', () => {
  it('is left alone while no file changes', async () => {
    const { watcher, told, loads } = await createScene()
    await watcher.check()
    await watcher.check()
    expect(told).toEqual([])
    expect(loads()).toBe(1)
  })

  it('outlives a file that is emptied before it is written anew', async () => {
    const { files, watcher, signals, told } = await createScene()
    files.write(path, '')
    await watcher.check()
    files.write(path, ' \n')
    signals.emit('SIGHUP')
    await watcher.check()
    expect(told).toEqual(['null: the file is empty', 'null: the file is empty'])
    files.write(path, textWith('two'))
    await watcher.check()
    expect(told.at(-1)).toBe('two')
  })

  it('is replaced once when the file has changed', async () => {
    const { files, watcher, told } = await createScene()
    files.write(path, textWith('two'))
    await watcher.check()
    await watcher.check()
    expect(told).toEqual(['two'])
  })

  it('stays, and says why, when the file has faults; a mended file is taken up', async () => {
    const { files, watcher, told } = await createScene()
    files.write(path, 'state:\n  data: x\n')
    await watcher.check()
    await watcher.check()
    expect(told).toEqual(['2: unknown key "data"'])
    files.remove(path)
    await watcher.check()
    await watcher.check()
    expect(told.slice(1)).toEqual([`null: the file cannot be read: no file ${path}`])
    files.write(path, textWith('three'))
    await watcher.check()
    expect(told.slice(2)).toEqual(['three'])
  })

  it('follows the files that it names, those that were missing too', async () => {
    const { files, watcher, told } = await createScene({
      [path]: 'state: { data_dir: "${file:/run/a}${file:/run/b}" }',
      '/run/a': 'a\n',
    })
    files.write('/run/b', 'b\n')
    await watcher.check()
    files.write('/run/a', 'A\n')
    await watcher.check()
    expect(told).toEqual(['ab', 'Ab'])
  })

  it('is read again on SIGHUP, changed or not', async () => {
    const { watcher, told, signals } = await createScene()
    signals.emit('SIGHUP')
    await watcher.check()
    expect(told).toEqual(['one'])
  })

  it('is looked at by itself, one look at a time', async () => {
    const { files, watcher, told, tick } = await createScene()
    files.write(path, textWith('two'))
    const before = files.looks()
    tick()
    tick()
    tick()
    await watcher.check()
    expect(told).toEqual(['two'])
    // One look finds the change, one reads it, and one is the last check's.
    expect(files.looks() - before).toBe(3)
  })

  it('is left alone once stopped, whatever is under way', async () => {
    const { files, watcher, told, signals, isTicking } = await createScene()
    files.write(path, textWith('two'))
    const checking = watcher.check()
    watcher.stop()
    watcher.stop()
    await checking
    await watcher.reload()
    expect(told).toEqual([])
    expect(isTicking()).toBe(false)
    expect(signals.listenerCount('SIGHUP')).toBe(0)
  })

  it('is not told of a load that was under way when it was stopped', async () => {
    const { promise, resolve } = Promise.withResolvers<LoadResult>()
    const begun = Promise.withResolvers<void>()
    const told: string[] = []
    const watcher = createConfigWatcher({
      load: () => {
        begun.resolve()
        return promise
      },
      files: new Map(),
      onChange: () => told.push('changed'),
      onFault: () => told.push('fault'),
      signals: new EventEmitter(),
      every: () => () => {},
    })
    const reloading = watcher.reload()
    await begun.promise
    watcher.stop()
    resolve({ faults: [], files: new Map() })
    await reloading
    expect(told).toEqual([])
  })

  it('survives a loader that fails', async () => {
    const told: string[] = []
    const watcher = createConfigWatcher({
      load: () => Promise.reject(new Error('out of luck')),
      files: new Map(),
      onChange: () => told.push('changed'),
      onFault: ([fault]) => told.push(fault?.message ?? ''),
      signals: new EventEmitter(),
      every: () => () => {},
    })
    await watcher.reload()
    expect(told).toEqual(['out of luck'])
  })
})

describe('on a real file system', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelgate-watch-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('a mounted secret that is swapped by its link is taken up, though its time and size are the same', async () => {
    const project = async (name: string, secret: string) => {
      await mkdir(join(dir, name))
      await writeFile(join(dir, name, 'secret'), secret)
    }
    await project('..one', 'aaa')
    await project('..two', 'bbb')
    await symlink('..one', join(dir, '..data'))
    await symlink(join('..data', 'secret'), join(dir, 'secret'))
    const config = join(dir, 'modelgate.yaml')
    await writeFile(config, `state: { data_dir: "\${file:${join(dir, 'secret')}}" }`)
    const load = () =>
      loadFile({ path: config, environment: {}, readFile: readIfChanged, providers: createCatalogue() })
    const told: string[] = []
    const watcher = createConfigWatcher({
      load,
      files: (await load()).files,
      onChange: ({ state }) => told.push(state.data_dir),
      onFault: (faults) => told.push(JSON.stringify(faults)),
      signals: new EventEmitter(),
      every: () => () => {},
    })
    await watcher.check()
    await symlink('..two', join(dir, '..new'))
    await rename(join(dir, '..new'), join(dir, '..data'))
    await watcher.check()
    watcher.stop()
    expect(told).toEqual(['bbb'])
  })
})

it('what only a restart takes up is named', async () => {
  const configOf = async (text: string): Promise<Config> => {
    const { readFile } = createMemoryFiles({ [path]: text })
    const result = await loadFile({ path, environment: {}, readFile, providers: createCatalogue() })
    if ('faults' in result) throw new Error(JSON.stringify(result.faults))
    return result.config
  }
  const before = await configOf('')
  const after = await configOf(
    'listen: { port: 9, host: 127.0.0.1 }\nlimits: { max_inflight: 1 }\nteams: [{ name: a }]\nauth: { issuers: [{ issuer: https://a.test, audience: x }] }',
  )
  expect(needsRestart(before, after)).toEqual(['listen', 'limits'])
  expect(needsRestart(before, before)).toEqual([])
})
