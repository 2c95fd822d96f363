import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { runCommand } from '../support/command.ts'
import { type Fleet, openaiKey } from '../support/fleet.ts'
import type { Gateway } from '../support/gateway.ts'
import { metric } from '../support/metrics.ts'
import {
  allOutFor,
  expectNobodySuffers,
  inSeconds,
  limitFirst,
  startFleet,
  untilUp,
  writeTeam,
} from '../support/outage.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { until } from '../support/wait.ts'

let fleet: Fleet
let redis: RedisServer
afterEach(async () => {
  await fleet?.stop()
  await redis?.stop()
})
const limit = { timeout: 120_000 }

/** Three replicas with models that the control plane made, whose Redis has been emptied under load. */
async function lose(name: string): Promise<{ readonly exported: string }> {
  redis = await startRedis()
  fleet = await startFleet({ url: redis.url })
  for (const model of ['stored-1', 'stored-2']) {
    const { status } = await fleet.admin(fleet.replicas[0] as Gateway, 'POST', '/config/llm', {
      name: model,
      provider: 'openai',
      model_name: 'upstream-model',
      credentials: openaiKey(`sk-planted-${model}`, fleet.upstreams['first']?.url),
    })
    expect(status).toBe(201)
  }
  await untilServed([200, 200])
  await limitFirst(fleet, fleet.replicas[0] as Gateway, 'early', 600)
  const early = inSeconds(600)
  const { out: exported, code } = await command(['export'])
  expect(code).toBe(0)
  await expectNobodySuffers(fleet, name, async () => {
    await redis.kill()
    await untilUp(fleet, 0)
    await sleep(3_000)
    await redis.start({ empty: true })
    await untilUp(fleet, 1)
    await until('it is not believed', () =>
      fleet.replicas.every((replica) => statuses(replica).at(-1) === 'suspect'),
    )
    // Cooldowns, which Redis has lost as well, are told to it again by those who know them.
    await until('Redis knows the outage', async () => (await redis.call('hlen', '{modelgate}:outages')) === 2)
    await sleep(3_000)
    expect(await allOutFor(fleet, 'early', early)).toBe(true)
  })
  return { exported }
}

it('cooldowns that a running Redis has forgotten still hold, and are told to it again', limit, async () => {
  redis = await startRedis()
  fleet = await startFleet({ url: redis.url })
  await limitFirst(fleet, fleet.replicas[0] as Gateway, 'early', 600)
  const early = inSeconds(600)
  await until('Redis knows the outage', async () => (await redis.call('hlen', '{modelgate}:outages')) === 2)
  await redis.call('flushall')
  await until('it knows it again', async () => (await redis.call('hlen', '{modelgate}:outages')) === 2)
  // Longer than two looks of each replica at all that Redis has.
  await sleep(12_000)
  expect(await allOutFor(fleet, 'early', early)).toBe(true)
})

function command(args: readonly string[], input = '') {
  const { configFile } = fleet.replicas[0] as Gateway
  return runCommand({ args, configFile, env: fleet.env, input })
}

/** By replica what a stored model answers. */
async function served(replicas: readonly Gateway[], model: string): Promise<number[]> {
  return Promise.all(
    replicas.map(async (replica) => {
      const response = await fleet.chat(replica, { model })
      await response.text()
      return response.status
    }),
  )
}

async function untilServed([first, second]: [number, number], replicas = fleet.replicas): Promise<void> {
  await until('all replicas serve so', async () => {
    const [one, other] = [await served(replicas, 'stored-1'), await served(replicas, 'stored-2')]
    return one.every((status) => status === first) && other.every((status) => status === second)
  })
}

const statuses = (replica: Gateway) =>
  replica.log().flatMap(({ msg: message, status }) => (message === 'the registry' ? [status] : []))

async function expectNotBelieved(): Promise<void> {
  await untilServed([200, 200])
  for (const replica of fleet.replicas) {
    expect((await fetch(`${replica.url}/readyz`)).status).toBe(200)
    expect(await writeTeam(fleet, replica, 'refused')).toEqual([503, 'store_unavailable'])
    expect(await metric(replica, 'modelgate_redis_up')).toBe(1)
  }
  // The sign that an alert has: Redis answers, and what is known grows older all the same.
  const agesNow = () =>
    Promise.all(fleet.replicas.map((replica) => metric(replica, 'modelgate_snapshot_age_seconds')))
  await until('the snapshot grows old', async () => (await agesNow()).every((seconds) => seconds > 10), {
    timeoutMs: 20_000,
  })
}

it('a registry that Redis has lost serves on, and an import makes it true again', limit, async () => {
  const { exported } = await lose('returned empty')
  await expectNotBelieved()
  const imported = await command(['import'], exported)
  expect([imported.code, imported.err]).toEqual([0, ''])
  const from = performance.now()
  for (const [index, replica] of fleet.replicas.entries()) {
    await until('it takes writes', async () => (await writeTeam(fleet, replica, `team ${index}`))[0] === 201)
  }
  console.log(`all take writes ${Math.round(performance.now() - from)} ms after the import`)
  await untilServed([200, 200])
  await until('all say so', () => fleet.replicas.every((replica) => statuses(replica).at(-1) === 'current'))
  for (const replica of fleet.replicas) {
    expect(await metric(replica, 'modelgate_snapshot_age_seconds')).toBeLessThan(10)
  }
})

it('a registry that Redis has lost serves on, until the operator says that it is to go', limit, async () => {
  await lose('returned empty, to stay so')
  await expectNotBelieved()
  // One replica, over what it knew, is enough to tell the others.
  const [first] = fleet.replicas as [Gateway]
  first.signal('SIGTERM')
  await first.exited
  const told = await fleet.launch('replica-0', {
    config: { state: { redis: { url: redis.url, accept_reset: true } } },
  })
  const replicas = [told, ...fleet.replicas.slice(1)]
  await untilServed([404, 404], replicas)
  for (const [index, replica] of replicas.entries()) {
    expect(await writeTeam(fleet, replica, `team ${index}`)).toEqual([201, undefined])
  }
})
