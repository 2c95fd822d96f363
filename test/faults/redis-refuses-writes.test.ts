import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { createFleet, type Fleet } from '../support/fleet.ts'
import type { Gateway } from '../support/gateway.ts'
import { metric } from '../support/metrics.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { chatModel } from '../support/scene.ts'
import { chatAnswer, failure } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

let fleet: Fleet | null = null
let redis: RedisServer | null = null
afterEach(async () => {
  await fleet?.stop()
  await redis?.stop()
  fleet = null
  redis = null
})

it('what cools returns though Redis is out of memory, and operators see that it is', async () => {
  const server = await startRedis()
  redis = server
  const made = await createFleet({
    replicas: 2,
    redis: { url: server.url },
    upstreams: { first: undefined, spare: chatAnswer('well') },
    config: (urls) => ({ models: [chatModel('gpt', urls)] }),
  })
  fleet = made
  const [one, other] = made.replicas as [Gateway, Gateway]
  const upstream = made.upstreams['first']
  const connectionOf = async (replica: Gateway) => {
    const response = await made.chat(replica)
    await response.text()
    return `${response.status} ${response.headers.get('x-modelgate-connection')}`
  }
  await server.call('config', 'set', 'maxmemory', '1')
  if (upstream !== undefined) upstream.script = failure(429, 'slow down', { 'retry-after': '1' })
  expect(await connectionOf(one)).toBe('200 spare')
  await until('it is seen', async () => (await metric(one, 'modelgate_redis_up')) === 0)
  expect((await fetch(`${one.url}/readyz`)).status).toBe(200)
  await until('it is said', async () => one.output().includes('Redis takes no writes: OOM '))
  if (upstream !== undefined) upstream.script = chatAnswer('back')
  await until('the first is back', async () => (await connectionOf(one)) === '200 first', {
    everyMs: 200,
    timeoutMs: 10_000,
  })
  await server.call('config', 'set', 'maxmemory', '0')
  await until('Redis is back', async () => (await metric(one, 'modelgate_redis_up')) === 1)
  if (upstream !== undefined) upstream.script = failure(429, 'slow down', { 'retry-after': '60' })
  expect(await connectionOf(one)).toBe('200 spare')
  await sleep(200)
  expect(await connectionOf(other)).toBe('200 spare')
  expect(upstream?.requests.length).toBeGreaterThan(0)
}, 60_000)
