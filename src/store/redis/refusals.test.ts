import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts'
import { eventually } from '../suite/harness.suite.ts'
import { entity, useStores, write } from './testing/opened.suite.ts'

/** Servers that answer, and take no writes: to whoever waits for a lease they are as good as away. */

const open = useStores()
let server: RedisServer

beforeAll(async () => {
  server = await startRedis()
}, 300_000)
afterAll(() => server.stop())

const refusals = [
  {
    code: 'OOM',
    refuse: () => server.call('config', 'set', 'maxmemory', '1'),
    accept: () => server.call('config', 'set', 'maxmemory', '0'),
  },
  {
    code: 'NOREPLICAS',
    refuse: () => server.call('config', 'set', 'min-replicas-to-write', '1'),
    accept: () => server.call('config', 'set', 'min-replicas-to-write', '0'),
  },
  {
    code: 'NOPERM',
    refuse: () => server.call('acl', 'setuser', 'default', '-eval', '-evalsha'),
    accept: () => server.call('acl', 'setuser', 'default', '+eval', '+evalsha'),
  },
]
afterEach(async () => {
  for (const { accept } of refusals) await accept()
})

for (const { code, refuse, accept } of refusals) {
  it(`is not up from the first write that ends in ${code} until writes are taken again`, async () => {
    const { store, until, links, warnings } = open({ url: server.url, pingIntervalMs: 50 })
    await until(true)
    await refuse()
    await expect(store.leases.take('x', 'y', 1_000)).rejects.toThrow(code)
    expect(store.up()).toBe(false)
    await expect(store.pool.eject('con', { remainingMs: 1_000, json: '{}' })).rejects.toThrow(code)
    expect(links).toEqual([true, false])
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^Redis takes no writes: ${code} `))])
    await accept()
    await until(true)
    expect(links).toEqual([true, false, true])
    expect(await store.leases.take('x', 'y', 1_000)).toMatchObject({ held: true })
  })

  it(`is never up where all writes end in ${code}, though it is connected`, async () => {
    await refuse()
    const { store, until, links, warnings } = open({ url: server.url, pingIntervalMs: 50 })
    await eventually(
      () => warnings,
      ({ length }) => length > 0,
    )
    expect(warnings).toEqual([expect.stringMatching(/^Redis takes no writes: /)])
    expect([store.up(), ...links]).toEqual([false])
    await accept()
    await until(true)
    expect(links).toEqual([true])
  })
}

it('is read all the same', async () => {
  const { store, until } = open({ url: server.url, pingIntervalMs: 50 })
  await until(true)
  const position = await write(store, 'before')
  await server.call('config', 'set', 'maxmemory', '1')
  await expect(store.leases.take('x', 'y', 1_000)).rejects.toThrow('OOM')
  const changes = await store.registry.fetch(null)
  expect(changes).toMatchObject({ position, entities: [entity('before')] })
})
