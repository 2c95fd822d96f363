import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../core/secret.ts'
import type { Actor } from './actor.ts'
import { rotateMasterKey } from './rotate-master-key.ts'
import { createSealedValue } from './sealed-value.ts'
import { testCredential, testId } from './testing/large-registry.ts'
import { createMemoryServer, type MemoryServer } from './testing/memory-store.ts'
import { addTeam, createReplicas, reasonOf, sameKey, somebody } from './testing/replica.ts'
import { createTestVault, encodedKey } from './testing/vault.ts'

const { replica, stop } = createReplicas()
afterEach(stop)

const oldKeys = encodedKey(1)
const both = `new:${encodedKey(2)},default:${encodedKey(1)}`
const newKeys = `new:${encodedKey(2)}`
const system: Actor = {
  subject: 'modelgate',
  issuer: 'system',
  kind: 'system',
  address: null,
  requestId: null,
}
const COUNT = 25

async function scene() {
  const server = createMemoryServer()
  const one = replica({ store: server.open(), vault: createTestVault(oldKeys) })
  await one.sync.start()
  await one.editor.edit(somebody, () => ({
    puts: Array.from({ length: COUNT }, (_, index) => ({
      kind: 'credential' as const,
      record: testCredential(testId('c', index), `credential ${index}`, one.secrets),
    })),
    audit: [{ action: 'credential.create', entity: null }],
    result: null,
  }))
  const blobs = server.open().blobs
  await createSealedValue({ blobs, vault: one.vault, name: 'gateway-signing-key' }).create(
    Buffer.from('planted'),
  )
  return { server, one }
}

function rotate(server: MemoryServer, batchSize = 10) {
  return rotateMasterKey({
    store: server.open(),
    vault: createTestVault(both),
    actor: system,
    blobNames: ['gateway-signing-key', 'never-made'],
    pause: () => Promise.resolve(),
    batchSize,
  })
}

describe('the rotation of the master key', () => {
  it('leaves nothing that needs the old key, and nothing else changed', async () => {
    const { server, one } = await scene()
    const before = one.sync.state()
    expect(await rotate(server)).toEqual({ credentials: COUNT, blobs: 3 })
    const two = replica({ store: server.open(), vault: createTestVault(newKeys) })
    await two.sync.start()
    for (const [id, record] of two.sync.state().credentials) {
      expect(two.secrets.open(record).secrets['api_key']?.reveal()).toBe(`sk-planted-${id}`)
      expect({ ...record, sealed: null }).toEqual({ ...before.credentials.get(id), sealed: null })
      expect(record.sealed).not.toBe(before.credentials.get(id)?.sealed)
    }
    expect(sameKey(two.sync.keys()?.root, one.sync.keys()?.root)).toBe(true)
    expect(two.secrets.fingerprint(new Secret('a'))).toBe(one.secrets.fingerprint(new Secret('a')))
    const signing = createSealedValue({
      blobs: two.store.blobs,
      vault: two.vault,
      name: 'gateway-signing-key',
    })
    expect(Buffer.from((await signing.read()) ?? []).toString()).toBe('planted')
    expect(await two.audit.verify()).toEqual({ ok: true, from: 1, to: 2, broken: null })
    expect((await two.audit.page({ before: null, limit: 1 }))[0]).toMatchObject({
      action: 'master_key.rotate',
      actor: { subject: 'modelgate', kind: 'system' },
      after: { credentials: COUNT, blobs: 3 },
    })
  })

  it('done again, does nothing', async () => {
    const { server } = await scene()
    await rotate(server)
    const { revision } = server.contents().position
    expect(await rotate(server)).toEqual({ credentials: 0, blobs: 0 })
    expect([server.contents().position.revision, server.contents().audit.length]).toEqual([revision, 2])
  })

  it('goes on where it was broken off', async () => {
    const { server } = await scene()
    const store = server.open()
    const commit = store.registry.commit.bind(store.registry)
    let commits = 0
    const broken = {
      ...store,
      registry: {
        ...store.registry,
        commit: (...args: Parameters<typeof commit>) => {
          commits += 1
          return commits > 1 ? Promise.reject(new Error('gone')) : commit(...args)
        },
      },
    }
    const options = { vault: createTestVault(both), actor: system, batchSize: 10 }
    expect(await reasonOf(rotateMasterKey({ ...options, store: broken }))).toBe('uncertain')
    expect(await rotate(server)).toMatchObject({ credentials: COUNT - 10 })
  })

  it('goes on beside replicas that write meanwhile', async () => {
    const { server, one } = await scene()
    const during = replica({ store: server.open(), vault: createTestVault(both) })
    await during.sync.start()
    const writes = Array.from({ length: 10 }, (_, index) => reasonOf(addTeam(during, `team-${index}`)))
    const [rotated, ...reasons] = await Promise.all([rotate(server, 3), ...writes])
    expect(rotated.credentials).toBe(COUNT)
    expect(new Set(reasons)).toEqual(new Set(['written']))
    await one.sync.refresh()
    expect(one.sync.state().teams.size).toBe(10)
    const after = replica({ store: server.open(), vault: createTestVault(newKeys) })
    await after.sync.start()
    expect(await after.audit.verify()).toMatchObject({ ok: true })
  })

  it('does nothing by halves with a key too few', async () => {
    const { server } = await scene()
    const contents = JSON.stringify([...server.contents().entities])
    const vault = createTestVault(newKeys)
    await expect(rotateMasterKey({ store: server.open(), vault, actor: system })).rejects.toThrow(
      'not configured',
    )
    expect(JSON.stringify([...server.contents().entities])).toBe(contents)
  })
})
