import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts'
import type { EntityKey, RegistryPosition, Store } from '../contract.ts'
import { RedisFailure } from './failure.ts'
import { createFetch } from './fetch.ts'
import { createKeys } from './keys.ts'
import { entity, useStores } from './testing/opened.suite.ts'

const open = useStores()
const keys = createKeys({ prefix: 'modelgate', database: 0 })
const script = readFileSync(new URL('scripts/fetch.lua', import.meta.url), 'utf8')
const ids = Array.from({ length: 950 }, (_, index) => `m${String(index).padStart(3, '0')}`)
/** Of a reading of all of them. */
const pages = 10
let server: RedisServer
let store: Store

beforeAll(async () => {
  server = await startRedis({ appendOnly: true })
}, 300_000)
afterAll(() => server.stop())
beforeEach(async () => {
  await server.call('flushall')
  await openStore()
  await commit(await store.registry.fetch(null), ids, [])
})

async function openStore(): Promise<void> {
  const { store: opened, until } = open({ url: server.url })
  await until(true)
  store = opened
}

async function commit(
  { position }: { position: RegistryPosition },
  puts: readonly string[],
  deletes: readonly string[],
): Promise<RegistryPosition> {
  const gone = deletes.map((id): EntityKey => ({ kind: 'model', id }))
  const done = await store.registry.commit({ puts: puts.map(entity), deletes: gone, audit: [] }, position)
  if (done.kind === 'conflict') throw new Error('a conflict')
  return done.position
}

/** A reader over the real script, of which the pages that are told come too late. */
function createReader(late: Set<number>) {
  let asked = 0
  const fetch = createFetch({
    keys,
    timeoutMs: 60_000,
    async run(_, names, args) {
      asked += 1
      const number = asked
      const rest = args.map((arg) => String(arg))
      const answer = await server.call('eval', script, `${names.length}`, ...names, ...rest)
      if (late.has(number)) throw new RedisFailure('no answer in time')
      return answer
    },
  })
  return { fetch, asked: () => asked }
}

const idsOf = ({ entities }: { entities: readonly EntityKey[] }) => entities.map(({ id }) => id).toSorted()

it('a page that comes too late is asked for again, and no other is', async () => {
  const { fetch, asked } = createReader(new Set([4, 8, 9]))
  await expect(fetch(null)).rejects.toThrow('no answer in time')
  expect(asked()).toBe(4)
  await expect(fetch(null)).rejects.toThrow('no answer in time')
  await expect(fetch(null)).rejects.toThrow('no answer in time')
  const { whole, entities } = await fetch(null)
  expect(asked()).toBe(pages + 3)
  expect(whole).toBe(true)
  expect(entities.map(({ id }) => id)).toEqual(ids)
})

it('a replica that knows a position goes on as well', async () => {
  const position = await commit(await store.registry.fetch(null), ['one'], [])
  const { fetch, asked } = createReader(new Set([6]))
  await expect(fetch(position)).rejects.toThrow('no answer in time')
  expect(await fetch(position)).toMatchObject({ position, whole: true, deleted: [] })
  // Each time it asks whether what changed is enough.
  expect(asked()).toBe(pages + 3)
})

it('what changed while a reading was broken off is in it', async () => {
  const before = await store.registry.fetch(null)
  const { fetch } = createReader(new Set([5]))
  await expect(fetch(null)).rejects.toThrow('no answer in time')
  const position = await commit(before, ['more', 'm005'], ['m000', 'm900'])
  const changes = await fetch(null)
  expect(changes.position).toEqual(position)
  expect(idsOf(changes)).toEqual([...ids, 'more'].filter((id) => id !== 'm000' && id !== 'm900').toSorted())
  expect(await fetch(position)).toEqual({ position, whole: false, entities: [], deleted: [] })
})

it('a server that was started again is read from the beginning', async () => {
  const { fetch, asked } = createReader(new Set([5]))
  await expect(fetch(null)).rejects.toThrow('no answer in time')
  await server.kill()
  await server.start()
  expect(idsOf(await fetch(null))).toEqual(ids)
  expect(asked()).toBe(5 + 1 + pages)
})

it('an emptied one has nothing of what was read of the other', async () => {
  const { fetch } = createReader(new Set([5]))
  await expect(fetch(null)).rejects.toThrow('no answer in time')
  await server.call('flushall')
  expect(await fetch(null)).toMatchObject({ position: { revision: 0 }, whole: true, entities: [] })
})

it('one that forgot what was deleted meanwhile is read from the beginning', async () => {
  const { fetch } = createReader(new Set([5]))
  await expect(fetch(null)).rejects.toThrow('no answer in time')
  const position = await commit(await store.registry.fetch(null), [], ['m000'])
  // As the script `commit` does once more are deleted than are remembered.
  await server.call('zrem', keys.changes, 'model:m000')
  await server.call('hset', keys.registry, 'floor', `${position.revision}`)
  expect(idsOf(await fetch(null))).toEqual(ids.slice(1))
})

it('one with fewer commits than were read is read from the beginning', async () => {
  const position = await commit(await store.registry.fetch(null), ['one'], [])
  const { fetch } = createReader(new Set([5]))
  await expect(fetch(null)).rejects.toThrow('no answer in time')
  await server.call('hset', keys.registry, 'revision', `${position.revision - 1}`)
  await server.call('hdel', keys.entities, 'model:m000')
  await server.call('zrem', keys.changes, 'model:m000')
  expect(idsOf(await fetch(null))).toEqual([...ids.slice(1), 'one'].toSorted())
})
