import { createSecretKey } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCredentialSecrets } from './credential-secrets.ts'
import { createSnapshotFile } from './snapshot-file.ts'
import { emptyState } from './stored/state.ts'
import { settle } from './testing/clocks.ts'
import { largeRegistry } from './testing/large-registry.ts'
import { createMemoryServer } from './testing/memory-store.ts'
import { addTeam, createReplicas, reasonOf, sameKey, teamsOf } from './testing/replica.ts'
import { createTestVault, encodedKey } from './testing/vault.ts'

const { replica, stop } = createReplicas()

describe('the snapshot file', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelgate-registry-'))
  })
  afterEach(async () => {
    await stop()
    await rm(dir, { recursive: true })
  })

  const fileOf = (vault = createTestVault()) => createSnapshotFile({ dataDir: dir, vault })
  const path = () => join(dir, 'registry.snapshot')

  async function saved(server = createMemoryServer()) {
    const one = replica({ store: server.open(), file: fileOf() })
    await one.sync.start()
    await addTeam(one, 'first')
    await addTeam(one, 'second')
    await one.sync.stop()
    return { server, one }
  }

  it('lets a replica start while the store is down, with the same keys, and says so', async () => {
    const { server, one } = await saved()
    server.down(true)
    const time = one.time
    time.pass(60_000)
    const two = replica({ store: server.open(), file: fileOf(), time })
    await two.sync.start()
    expect(two.sync.status()).toMatchObject({ kind: 'stale', source: 'file' })
    expect(two.sync.ageMs()).toBe(60_000)
    expect(teamsOf(two)).toEqual(['first', 'second'])
    expect(sameKey(two.sync.keys()?.root, one.sync.keys()?.root)).toBe(true)
    expect(await reasonOf(addTeam(two, 'third'))).toBe('down')
    server.down(false)
    await settle()
    expect(two.sync.status()).toMatchObject({ kind: 'current', source: 'store' })
    await addTeam(two, 'third')
    expect(teamsOf(two)).toEqual(['first', 'second', 'third'])
  })

  it('is written in the background, some seconds after a change, for its owner’s eyes', async () => {
    const server = createMemoryServer()
    const one = replica({ store: server.open(), file: fileOf() })
    await one.sync.start()
    await addTeam(one, 'planted-name')
    expect(await readdir(dir)).toEqual([])
    one.time.pass(5_000)
    await expect.poll(() => readdir(dir)).toEqual(['registry.snapshot'])
    await one.sync.stop()
    expect((await stat(path())).mode & 0o777).toBe(0o600)
    expect((await readFile(path())).includes('planted-name')).toBe(false)
  })

  it('makes a registry that is gone suspect from the start', async () => {
    const { server } = await saved()
    server.empty()
    const two = replica({ store: server.open(), file: fileOf() })
    await two.sync.start()
    expect(two.sync.status().kind).toBe('suspect')
    expect(teamsOf(two)).toEqual(['first', 'second'])
    const three = replica({ store: server.open(), file: fileOf(), acceptReset: true })
    await three.sync.start()
    expect(three.sync.status().kind).toBe('current')
    expect(teamsOf(three)).toEqual([])
  })

  it('gives way to what the store has, whatever the file’s history was', async () => {
    const server = createMemoryServer()
    const first = replica({ store: server.open() })
    await first.sync.start()
    const early = server.remember()
    await saved(server)
    early()
    await first.sync.refresh()
    const other = replica({ store: server.open() })
    await other.sync.start()
    for (const name of ['a', 'b', 'c']) await addTeam(other, name)
    const two = replica({ store: server.open(), file: fileOf() })
    await two.sync.start()
    expect(teamsOf(two)).toEqual(['a', 'b', 'c'])
  })

  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['cut short', (bytes) => bytes.subarray(0, -10)],
    ['cut to nothing', () => Buffer.alloc(0)],
    ['changed', (bytes) => Buffer.concat([bytes.subarray(0, -10), Buffer.alloc(10, 1)])],
    ['longer', (bytes) => Buffer.concat([bytes, bytes])],
    ['something else', () => Buffer.from('something else, and of no use to anybody')],
  ])('is reported and ignored where it is %s', async (_, damage) => {
    const { server } = await saved()
    await writeFile(path(), damage(await readFile(path())))
    server.down(true)
    const two = replica({ store: server.open(), file: fileOf() })
    await two.sync.start()
    expect(two.sync.status().kind).toBe('starting')
    expect(two.faults[0]).toBe('the snapshot of the registry is of no use')
    server.down(false)
    await settle()
    expect(teamsOf(two)).toEqual(['first', 'second'])
  })

  it('holds a registry in many frames, and none without the others', async () => {
    const vault = createTestVault()
    const secrets = createCredentialSecrets({ vault, keys: () => null })
    const entities = largeRegistry({ models: 60, connectionsPerModel: 5, credentials: 3, secrets })
    const position = { epoch: 'e', revision: 7 }
    const state = emptyState.apply({ position, whole: true, entities, deleted: [] })
    const declaration = { id: 'a', epoch: 'e' }
    const file = fileOf()
    await file.write({ state, root: createSecretKey(Buffer.alloc(32, 3)), declaration, savedAt: 9 })
    const read = await file.read()
    expect(read).toMatchObject({ declaration, savedAt: 9, state: { position } })
    expect(read?.state.models).toEqual(state.models)
    expect(read?.state.connections).toEqual(state.connections)
    expect(read?.state.credentials).toEqual(state.credentials)
    expect(Buffer.from(read?.root ?? [])).toEqual(Buffer.alloc(32, 3))
    const frames = framesOf(await readFile(path()))
    expect(frames.length).toBeGreaterThan(3)
    const [first, second, third, ...others] = frames
    for (const mixed of [
      [first, third, second, ...others],
      [first, third, ...others],
      [second, third],
    ]) {
      await writeFile(path(), Buffer.concat(mixed.filter((frame) => frame !== undefined)))
      await expect(file.read()).rejects.toThrow('not whole')
    }
  })

  it('is ignored where another master key has sealed it', async () => {
    const { server } = await saved()
    server.down(true)
    const two = replica({ store: server.open(), file: fileOf(createTestVault(encodedKey(9))) })
    await two.sync.start()
    expect(two.sync.status().kind).toBe('starting')
    expect(two.faults).toContain('the snapshot of the registry is of no use')
  })

  it('is neither written nor read beyond its bound', async () => {
    const { one } = await saved()
    const small = createSnapshotFile({ dataDir: dir, vault: one.vault, maxBytes: 100 })
    await expect(small.read()).rejects.toThrow('larger than 100 bytes')
    const state = one.sync.state()
    const root = one.sync.keys()?.root
    if (root === undefined) throw new Error('no keys')
    const before = await readFile(path())
    await expect(small.write({ state, root, declaration: null, savedAt: 0 })).rejects.toThrow(
      'larger than 100',
    )
    expect((await readFile(path())).equals(before)).toBe(true)
    expect(await readdir(dir)).toEqual(['registry.snapshot'])
  })
})

/** Each with its length before it. */
function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let offset = 0; offset < bytes.length;) {
    const end = offset + 4 + bytes.readUInt32BE(offset)
    frames.push(bytes.subarray(offset, end))
    offset = end
  }
  return frames
}
