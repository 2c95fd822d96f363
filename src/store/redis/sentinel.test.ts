import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  type SentinelGroup,
  startSentinelGroup,
  untilReplicated,
} from '../../../test/support/redis-groups.ts'
import { startRedis } from '../../../test/support/redis-server.ts'
import type { RegistryPosition } from '../contract.ts'
import { eventually } from '../suite/harness.suite.ts'
import { useStores, write } from './testing/opened.suite.ts'

const open = useStores()
let group: SentinelGroup

beforeAll(async () => {
  group = await startSentinelGroup()
}, 300_000)
afterAll(() => group.stop())

const addressing = () => ({ sentinels: group.addresses, sentinelName: group.name })

it('knows no master of another name', async () => {
  const { store, warnings } = open({ ...addressing(), sentinelName: 'nobody' })
  await eventually(
    () => warnings,
    ({ length }) => length > 0,
  )
  expect(warnings[0]).toContain('no sentinel knows a master named nobody')
  expect(store.up()).toBe(false)
})

it('finds the master while sentinels are away or do not answer', async () => {
  const [first] = group.sentinels
  first?.suspend()
  try {
    const hanging = open({ ...addressing(), connectTimeoutMs: 500 })
    await hanging.until(true)
    const away = open({ ...addressing(), sentinels: ['127.0.0.1:1', ...group.addresses.slice(1)] })
    await away.until(true)
    expect(await away.store.leases.take('x', 'y', 1_000)).toMatchObject({ held: true })
  } finally {
    first?.resume()
  }
})

it('follows a failover: what was written stands, and news comes from the new master', async () => {
  const [one, other] = [open(addressing()), open(addressing())]
  await Promise.all([one.until(true), other.until(true)])
  const heard: RegistryPosition[] = []
  other.store.registry.watch((position) => heard.push(position))
  const position = await write(one.store, 'before')
  const master = await group.master()
  await untilReplicated(master)

  await master.kill()
  await Promise.all([one.until(false, 2_500), other.until(false, 2_500)])
  await Promise.all([one.until(true, 20_000), other.until(true, 20_000)])
  expect((await group.master()).port).not.toBe(master.port)
  // Nobody knows what the new master has missed, so it is read anew.
  expect(await one.store.registry.fetch(position)).toMatchObject({ position, whole: true })
  heard.length = 0
  const next = await write(one.store, 'after')
  expect(
    await eventually(
      () => heard,
      ({ length }) => length > 0,
    ),
  ).toEqual([next])

  // The old one returns as a master, is made a replica, and nobody writes to it.
  await master.start()
  await eventually(
    // Sentinel cuts the connections of a server that it makes a replica, the question's among them.
    async () => String(await master.call('info', 'replication').catch(() => '')),
    (info) => info.includes('role:slave') && info.includes('master_link_status:up'),
    20_000,
  )
  await write(one.store, 'later')
  expect(one.store.up()).toBe(true)
}, 90_000)

it('leaves a master that becomes a replica, with the next write at the latest', async () => {
  const alone = await startRedis()
  const second = await startRedis()
  try {
    const { store, until, warnings } = open({ url: alone.url })
    await until(true)
    await alone.call('replicaof', '127.0.0.1', `${second.port}`)
    await expect(store.leases.take('x', 'y', 10)).rejects.toThrow('READONLY')
    await until(false)
    await eventually(
      () => warnings.join(),
      (text) => text.includes('it is a replica'),
    )
    expect(warnings.join()).toContain('it is a replica')
    expect(store.up()).toBe(false)
    await alone.call('replicaof', 'no', 'one')
    await until(true)
  } finally {
    await Promise.all([alone.stop(), second.stop()])
  }
})
