import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClusterGroup, startCluster, untilReplicated } from '../../../test/support/redis-groups.ts'
import type { RedisServer } from '../../../test/support/redis-server.ts'
import { storeContract } from '../contract.suite.ts'
import type { OutageChange, RegistryChanges, RegistryPosition } from '../contract.ts'
import { eventually } from '../suite/harness.suite.ts'
import { openWhenUp } from './testing/open-when-up.ts'
import { useStores, write } from './testing/opened.suite.ts'

let cluster: ClusterGroup

beforeAll(async () => {
  cluster = await startCluster({ replicas: true })
}, 300_000)
afterAll(() => cluster.stop())

storeContract('Redis store on a Cluster', async () => {
  const keyPrefix = `test-${randomUUID()}`
  return {
    open: () => openWhenUp({ cluster: cluster.addresses.slice(0, 2), keyPrefix }),
    remove: async () => undefined,
  }
})

describe('Redis store on a Cluster that changes', () => {
  const open = useStores()

  /** Another master than the one that has the key. */
  async function otherMaster(key: string): Promise<RedisServer> {
    const owner = await cluster.ownerOf(key)
    for (const node of cluster.nodes) {
      const isMaster = await node.call('role').then(
        (role) => (role as string[])[0] === 'master',
        () => false,
      )
      if (isMaster && node.port !== owner.port) return node
    }
    throw new Error('there is one master only')
  }

  it('goes on while its slot is moved to another node, and follows it', async () => {
    const keyPrefix = `test-${randomUUID()}`
    const options = { cluster: cluster.addresses, keyPrefix }
    const [one, other] = [open(options), open(options)]
    await Promise.all([one.until(true), other.until(true)])
    const heard: OutageChange[] = []
    other.store.pool.watch((change) => heard.push(change))
    const position = await write(one.store, 'before')
    await one.store.pool.eject('con', { remainingMs: 60_000, json: 'first' })
    await one.store.blobs.create('key', Uint8Array.of(1, 255))
    await one.store.leases.take('lease', 'one', 60_000)

    const key = `{${keyPrefix}}:registry`
    const target = await otherMaster(key)
    const source = await cluster.ownerOf(key)
    const slot = String(await source.call('cluster', 'keyslot', key))
    let moves = 0
    const readings: Promise<RegistryChanges>[] = []
    const positions: RegistryPosition[] = []
    // Whatever has been moved already: parts of one key each go on, with keys there, here, and nowhere.
    await cluster.moveSlotOf(key, target, async () => {
      moves += 1
      expect(await one.store.leases.take(`lease ${moves}`, 'one', 60_000)).toMatchObject({ held: true })
      expect(await other.store.leases.take('lease', 'other', 60_000)).toMatchObject({ held: false })
      expect((await other.store.blobs.get('key'))?.[1]).toBe(255)
      const ejected = await one.store.pool.eject(`con ${moves}`, { remainingMs: 60_000, json: '' })
      expect((await other.store.pool.outages()).get(`con ${moves}`)?.sequence).toBe(ejected.sequence)
      expect(one.store.up()).toBe(true)
      const left = Number(await source.call('cluster', 'countkeysinslot', slot))
      // What needs several keys waits for them to be together again.
      const reading = other.store.registry.fetch(null)
      reading.catch(() => undefined)
      readings.push(reading)
      if (left === 0) positions.push(...(await Promise.all(readings)).map((changes) => changes.position))
    })
    expect(moves).toBeGreaterThan(5)
    expect(positions).toEqual(Array(moves).fill(position))
    expect((await cluster.ownerOf(key)).port).toBe(target.port)

    const follows = async (store: typeof one.store) =>
      eventually(
        () => store.registry.fetch(position).catch(() => null),
        (changes) => changes !== null,
      )
    expect(await follows(one.store)).toMatchObject({ position })
    expect(await follows(other.store)).toMatchObject({ position })
    expect((await other.store.pool.outages()).size).toBe(moves + 1)
    await eventually(
      () => heard.length,
      (count) => count >= moves,
    )
    expect(heard.length).toBeGreaterThanOrEqual(moves)
    heard.length = 0
    await Promise.all([one.until(true), other.until(true)])
    await one.store.pool.eject('last', { remainingMs: 1_000, json: '' })
    expect(
      (
        await eventually(
          () => heard,
          ({ length }) => length > 0,
        )
      )[0]?.connectionId,
    ).toBe('last')
  }, 60_000)

  it('follows a failover to the replica', async () => {
    const keyPrefix = `test-${randomUUID()}`
    const { store, until, links } = open({ cluster: cluster.addresses, keyPrefix })
    await until(true)
    const position = await write(store, 'before')
    const owner = await cluster.ownerOf(`{${keyPrefix}}:registry`)
    await untilReplicated(owner)
    await owner.kill()
    await until(false, 2_500)
    await until(true, 20_000)
    expect(links).toEqual([true, false, true])
    expect(await store.registry.fetch(position)).toMatchObject({ position, whole: true })
    await write(store, 'after')
    await owner.start()
  }, 60_000)
})
