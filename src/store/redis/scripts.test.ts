import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts'
import { eventually } from '../suite/harness.suite.ts'
import { createKeys } from './keys.ts'
import { useStores } from './testing/opened.suite.ts'

const open = useStores()
const keys = createKeys({ prefix: 'modelgate', database: 0 })
const large = 'x'.repeat(300_000)
let server: RedisServer

beforeAll(async () => {
  server = await startRedis()
}, 300_000)
afterAll(() => server.stop())

async function run(name: string, names: string[], args: string[]): Promise<unknown[]> {
  const text = readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), 'utf8')
  return (await server.call('eval', text, `${names.length}`, ...names, ...args)) as unknown[]
}

it('answers in pieces of bounded size, however large what is kept', async () => {
  const { store, until } = open({ url: server.url })
  await until(true)
  const { position } = await store.registry.fetch(null)
  const puts = [1, 2, 3, 4, 5].map((number) => ({ kind: 'model' as const, id: `m${number}`, json: large }))
  const audit = [1, 2, 3, 4, 5].map((sequence) => ({ sequence, at: sequence, json: large }))
  await store.registry.commit({ puts, deletes: [], audit }, position)

  const names = [keys.registry, keys.changes, keys.entities]
  const [, , , , more, ...changes] = await run('fetch', names, ['epoch', '0', '1000', '500000'])
  expect(changes.filter((_, index) => index % 3 === 0)).toEqual(['model:m1', 'model:m2'])
  expect(more).toBe(1)
  expect((await store.registry.fetch(null)).entities).toHaveLength(5)

  expect(await run('audit-page', [keys.audit], ['', '1000', '500000'])).toHaveLength(2)
  const entries = await store.audit.page({ before: null, limit: 1_000 })
  expect(entries.map(({ sequence }) => sequence)).toEqual([5, 4, 3, 2, 1])
})

it('gets over what is not as it writes it, instead of failing for ever', async () => {
  const { store, until } = open({ url: server.url })
  await until(true)
  const broken = ['broken', 'nonsense', 'ejected', 'nonsense', 'restored', 'nonsense', '', 'nan']
  await server.call('hset', keys.outages, ...broken)
  await server.call('hset', keys.evidence, 'failure:broken', 'nonsense', 'failure:seen', 'nonsense')
  expect(await store.pool.eject('ejected', { remainingMs: 60_000, json: '{}' })).toMatchObject({
    json: '{}',
    sequence: expect.closeTo(Date.now(), -6),
  })
  expect(await store.pool.restore('restored', 1)).toBe(true)
  expect([...(await store.pool.outages()).keys()]).toEqual(['ejected'])
  await store.evidence.report([{ id: 'seen', kind: 'failure', ageMs: 0, json: '{}' }])
  expect((await store.evidence.all()).map(({ id }) => id)).toEqual(['seen'])
})

it('takes a lease that lies under what is none', async () => {
  const { store, until } = open({ url: server.url })
  await until(true)
  await server.call('set', keys.lease('endless'), 'somebody')
  await server.call('rpush', keys.lease('list'), 'nonsense')
  for (const name of ['endless', 'list']) {
    expect(await store.leases.take(name, 'one', 60_000)).toMatchObject({ held: true })
    expect(await store.leases.take(name, 'other', 60_000)).toMatchObject({ held: false })
  }
})

it('believes what is newer than evidence from before the clock was set back, and is of now until then', async () => {
  const { store, until } = open({ url: server.url })
  await until(true)
  const later = Date.now() + 3_600_000
  await server.call('hset', keys.evidence, 'success:told', `${later} old`, 'success:quiet', `${later} old`)
  await store.evidence.report([{ id: 'told', kind: 'success', ageMs: 1_000, json: 'new' }])
  const ages = async (id: string) => (await store.evidence.all()).find((one) => one.id === id)
  expect(await ages('told')).toMatchObject({ json: 'new' })
  expect((await ages('quiet'))?.ageMs).toBeLessThan(10_000)
  expect(
    (
      await eventually(
        () => ages('quiet'),
        (seen) => (seen?.ageMs ?? 0) > 20,
      )
    )?.ageMs,
  ).toBeGreaterThan(20)
})
