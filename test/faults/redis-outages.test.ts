import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import type { Fleet } from '../support/fleet.ts'
import type { Gateway } from '../support/gateway.ts'
import {
  allOutFor,
  expectNobodySuffers,
  expectRiddenOut,
  inSeconds,
  limitFirst,
  startFleet,
  writeTeam,
} from '../support/outage.ts'
import { startCluster, startSentinelGroup } from '../support/redis-groups.ts'
import { startRedis } from '../support/redis-server.ts'
import { until } from '../support/wait.ts'

let fleet: Fleet | null = null
let stopRedis: (() => Promise<void>) | null = null
afterEach(async () => {
  await fleet?.stop()
  await stopRedis?.()
  fleet = null
  stopRedis = null
})
const limit = { timeout: 180_000 }
/** What all keys have in common in a Cluster. */
const hashTag = '{modelgate}'

it('traffic rides out a Redis that is killed for 30 s', limit, async () => {
  const redis = await startRedis({ appendOnly: true })
  stopRedis = () => redis.stop()
  fleet = await startFleet({ url: redis.url })
  await expectRiddenOut(fleet, {
    name: 'killed',
    cut: () => redis.kill(),
    heal: () => redis.start(),
    downMs: 30_000,
  })
})

it('traffic rides out a Redis that accepts connections and answers nothing', limit, async () => {
  const redis = await startRedis({ appendOnly: true })
  stopRedis = () => redis.stop()
  fleet = await startFleet({ url: redis.url })
  await expectRiddenOut(fleet, {
    name: 'silent',
    cut: async () => redis.suspend(),
    heal: async () => redis.resume(),
    downMs: 10_000,
  })
})

it('traffic rides out a failover by Sentinel', limit, async () => {
  const group = await startSentinelGroup()
  stopRedis = () => group.stop()
  fleet = await startFleet({ sentinels: group.addresses, sentinel_name: group.name })
  const master = await group.master()
  await expectRiddenOut(fleet, {
    name: 'failed over',
    cut: () => master.kill(),
    heal: async () => {
      await until('there is another master', async () => (await group.master()) !== master, {
        timeoutMs: 30_000,
      })
    },
    downMs: 0,
  })
})

it('traffic rides out the resharding of a Cluster', limit, async () => {
  const cluster = await startCluster()
  stopRedis = () => cluster.stop()
  const made = await startFleet({ cluster: cluster.addresses })
  fleet = made
  const writes: [number, unknown][] = []
  let isOver = false
  const write = async () => {
    for (; !isOver; await sleep(50)) {
      const replica = made.replicas[writes.length % 3] as Gateway
      writes.push(await writeTeam(made, replica, `team-${writes.length}`))
    }
  }
  let agreedAfterMs = 0
  await expectNobodySuffers(made, 'resharded', async () => {
    const writing = write()
    const owner = await cluster.ownerOf(hashTag)
    let keysMoved = 0
    let late = 0
    for (const node of [...cluster.nodes.filter((one) => one !== owner), owner]) {
      await cluster.moveSlotOf(hashTag, node, async () => {
        keysMoved++
        await sleep(100)
        if (keysMoved !== 4) return
        await limitFirst(made, made.replicas[0] as Gateway, 'late', 300)
        late = inSeconds(300)
      })
      await sleep(2_000)
    }
    const movedAt = performance.now()
    await until('all have agreed', () => allOutFor(made, 'late', late), { everyMs: 50, timeoutMs: 30_000 })
    agreedAfterMs = performance.now() - movedAt
    isOver = true
    await writing
  })
  const refused = writes.filter(([status]) => status !== 201)
  console.log(
    `resharded: agreed ${Math.round(agreedAfterMs)} ms after the last move; of ${writes.length} writes meanwhile ` +
      `${refused.length} were refused`,
  )
  expect(agreedAfterMs).toBeLessThan(5_000)
  for (const one of refused) expect(one).toEqual([503, 'store_unavailable'])
  // Nothing that was answered well is lost, and nobody is without it.
  for (const replica of made.replicas) {
    expect((await writeTeam(made, replica, 'after it'))[0]).toBe(replica === made.replicas[0] ? 201 : 409)
    const { body } = await made.admin(replica, 'GET', '/teams?limit=200')
    const names = (body as { items: { name: string }[] }).items.map((team) => team.name)
    const written = writes.flatMap(([status], index) => (status === 201 ? [`team-${index}`] : []))
    expect(names).toEqual(expect.arrayContaining(written))
  }
})

it('traffic rides out the loss of a master of a Cluster', limit, async () => {
  const cluster = await startCluster({ replicas: true })
  stopRedis = () => cluster.stop()
  fleet = await startFleet({ cluster: cluster.addresses })
  const owner = await cluster.ownerOf(hashTag)
  await expectRiddenOut(fleet, {
    name: 'lost a master',
    cut: () => owner.kill(),
    heal: async () => {
      // Until another is elected nobody says who has it.
      const ownerNow = () => cluster.ownerOf(hashTag).catch(() => owner)
      await until('there is another owner', async () => (await ownerNow()) !== owner, { timeoutMs: 30_000 })
    },
    downMs: 0,
  })
})
