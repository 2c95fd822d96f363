import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEmbeddedStore } from '../store/embedded/embedded.ts'
import { rotateMasterKey } from './rotate-master-key.ts'
import { largeRegistry, testCredential, testId } from './testing/large-registry.ts'
import {
  addTeam,
  createReplicas,
  reasonOf,
  type ReplicaOptions,
  sameKey,
  somebody,
  teamsOf,
} from './testing/replica.ts'
import { createTestVault, encodedKey } from './testing/vault.ts'

const { replica, stop } = createReplicas()
const both = `new:${encodedKey(2)},default:${encodedKey(1)}`

describe('the registry over the embedded store', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelgate-registry-'))
  })
  afterEach(async () => {
    await stop()
    await rm(dir, { recursive: true })
  })

  async function started(options: Partial<ReplicaOptions> = {}) {
    const made = replica({ store: createEmbeddedStore({ dataDir: dir }), ...options })
    await made.sync.start()
    return made
  }

  it('is there again after a restart: entities, keys and trail', async () => {
    const one = await started()
    expect(one.sync.status()).toMatchObject({ kind: 'current', source: 'store' })
    const reasons = await Promise.all(
      Array.from({ length: 20 }, (_, index) => reasonOf(addTeam(one, `team-${index}`))),
    )
    expect(new Set(reasons)).toEqual(new Set(['written']))
    const record = testCredential(testId('c', 1), 'main', one.secrets, 'sk-planted')
    await one.editor.edit(somebody, () => ({
      puts: [{ kind: 'credential', record }],
      audit: [{ action: 'credential.create', entity: null, after: one.secrets.open(record) }],
      result: null,
    }))
    await one.audit.append(somebody, [{ action: 'credential.reveal', entity: null }])
    await one.sync.stop()
    await one.store.close()
    for (const file of ['modelgate.db', 'modelgate.db-wal']) {
      const bytes = await readFile(join(dir, file)).catch(() => Buffer.alloc(0))
      expect(bytes.includes('sk-planted')).toBe(false)
    }
    const two = await started()
    expect(teamsOf(two)).toEqual(teamsOf(one))
    expect(sameKey(two.sync.keys()?.root, one.sync.keys()?.root)).toBe(true)
    const [credential] = two.sync.state().credentials.values()
    expect(credential && two.secrets.open(credential).secrets['api_key']?.reveal()).toBe('sk-planted')
    expect(await two.audit.verify()).toEqual({ ok: true, from: 1, to: 22, broken: null })
    await two.store.close()
  })

  it('is found by the next look where another process wrote to the same file', async () => {
    const [one, two] = [await started(), await started()]
    await addTeam(one, 'first')
    await addTeam(two, 'second')
    expect(teamsOf(two)).toEqual(['first', 'second'])
    await one.sync.refresh()
    expect(teamsOf(one)).toEqual(['first', 'second'])
    expect(await one.audit.verify()).toMatchObject({ ok: true, to: 2 })
    await Promise.all([one.store.close(), two.store.close()])
  })

  it('lets go of the old end of the trail', async () => {
    const one = await started()
    for (let index = 0; index < 6; index += 1) {
      await one.audit.append(somebody, [{ action: `a${index}`, entity: null }])
      one.time.pass(1_000)
    }
    expect(await one.audit.prune(one.time.clock.now() - 2_500)).toBe(4)
    expect(await one.audit.verify()).toEqual({ ok: true, from: 5, to: 6, broken: null })
    expect(await one.audit.prune(one.time.clock.now() + 1)).toBe(1)
    expect(await one.audit.verify()).toEqual({ ok: true, from: 6, to: 6, broken: null })
    await one.store.close()
  })

  it('takes another master key', async () => {
    const one = await started()
    await one.editor.edit(somebody, () => ({
      puts: [{ kind: 'credential', record: testCredential(testId('c', 1), 'main', one.secrets) }],
      audit: [],
      result: null,
    }))
    const system = { ...somebody, kind: 'system' } as const
    const rotated = await rotateMasterKey({ store: one.store, vault: createTestVault(both), actor: system })
    expect(rotated).toEqual({ credentials: 1, blobs: 1 })
    await one.store.close()
    const two = await started({ vault: createTestVault(`new:${encodedKey(2)}`) })
    const [credential] = two.sync.state().credentials.values()
    expect(credential && two.secrets.open(credential).fault).toBeNull()
    expect(await two.audit.verify()).toMatchObject({ ok: true, to: 1 })
    await two.store.close()
  })

  it('loads 10,000 models and 50,000 connections in a time that is printed', async () => {
    const one = await started()
    const entities = largeRegistry({
      models: 10_000,
      connectionsPerModel: 5,
      credentials: 500,
      secrets: one.secrets,
    })
    const size = 10_000
    for (let from = 0; from < entities.length; from += size) {
      const { position } = await one.store.registry.fetch(one.sync.state().position)
      const batch = { puts: entities.slice(from, from + size), deletes: [], audit: [] }
      await one.store.registry.commit(batch, position)
    }
    await one.store.close()
    const store = createEmbeddedStore({ dataDir: dir })
    const two = replica({ store })
    const begun = performance.now()
    await two.sync.start()
    const ms = performance.now() - begun
    process.stdout.write(`read from the embedded store in ${ms.toFixed(0)} ms\n`)
    expect([two.sync.state().models.size, two.sync.state().connections.size]).toEqual([10_000, 50_000])
    expect(ms).toBeLessThan(30_000)
    await store.close()
  }, 60_000)
})
