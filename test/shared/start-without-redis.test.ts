import { afterEach, expect, it } from 'vitest'
import { createFleet, type Fleet, openaiKey } from '../support/fleet.ts'
import type { Gateway } from '../support/gateway.ts'
import { metric } from '../support/metrics.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { until } from '../support/wait.ts'

let redis: RedisServer
let fleet: Fleet
afterEach(async () => {
  await fleet?.stop()
  await redis?.stop()
})
const limit = { timeout: 60_000 }

async function start(): Promise<void> {
  redis = await startRedis({ appendOnly: true })
  fleet = await createFleet({ replicas: 0, redis: { url: redis.url } })
}

async function makeModel(
  replica: Gateway,
  name: string,
): Promise<{ status: number; code: string | undefined }> {
  const { status, body } = await fleet.admin(replica, 'POST', '/config/llm', {
    name,
    provider: 'openai',
    model_name: 'upstream-model',
    credentials: openaiKey(`sk-planted-${name}`, fleet.upstreams['main']?.url),
  })
  return { status, code: (body?.['error'] as { code?: string } | undefined)?.code }
}

async function chat(replica: Gateway, model: string) {
  const response = await fleet.chat(replica, { model })
  const { error } = (await response.json()) as { error?: { code: string } }
  return { status: response.status, code: error?.code, retryAfter: response.headers.get('retry-after') }
}

const ready = async ({ url }: Gateway) => (await fetch(`${url}/readyz`)).status
/** What the log says of the registry; it is written in batches. */
const told = (replica: Gateway) =>
  replica
    .log()
    .flatMap(({ msg: message, status, source }) => (message === 'the registry' ? [{ status, source }] : []))

/** At which level it says, each time, that there was no answer. */
const missed = (replica: Gateway) =>
  replica
    .log()
    .flatMap(({ msg: message, level }) => (message === 'the registry could not be read' ? [level] : []))

it('starts from its sealed snapshot while Redis is down, and says so', limit, async () => {
  await start()
  const first = await fleet.launch('kept')
  await until('Redis is found', async () => (await makeModel(first, 'stored')).status === 201)
  expect((await chat(first, 'stored')).status).toBe(200)
  first.signal('SIGTERM')
  expect(await first.exited).toBe(0)
  await redis.kill()

  const before = performance.now()
  const second = await fleet.launch('kept')
  console.log(`listens ${Math.round(performance.now() - before)} ms after its start without Redis`)
  expect(await ready(second)).toBe(200)
  expect((await chat(second, 'stored')).status).toBe(200)
  expect(fleet.upstreams['main']?.requests.at(-1)?.headers.authorization).toBe('Bearer sk-planted-stored')
  await until('that is told', () => told(second).length > 0)
  expect(told(second)).toEqual([{ status: 'stale', source: 'file' }])
  expect(await metric(second, 'modelgate_redis_up')).toBe(0)
  expect(await metric(second, 'modelgate_snapshot_age_seconds')).toBeGreaterThan(0)
  expect(await makeModel(second, 'refused')).toEqual({ status: 503, code: 'store_unavailable' })

  await redis.start()
  await until('writes are taken', async () => (await makeModel(second, 'later')).status === 201)
  expect(await metric(second, 'modelgate_redis_up')).toBe(1)
  await until('that is told', () => told(second).length > 1)
  expect(told(second).at(-1)).toEqual({ status: 'current', source: 'store' })
  expect((await chat(second, 'later')).status).toBe(200)
})

it('waits unready where it has no snapshot, until Redis comes', limit, async () => {
  await start()
  const first = await fleet.launch('first')
  await until('Redis is found', async () => (await makeModel(first, 'stored')).status === 201)
  await redis.kill()
  const fresh = await fleet.launch('fresh', { config: { telemetry: { log_level: 'debug' } } })
  expect(await ready(fresh)).toBe(503)
  expect((await fetch(`${fresh.url}/healthz`)).status).toBe(200)
  expect(await chat(fresh, 'stored')).toEqual({ status: 503, code: 'overloaded', retryAfter: '1' })
  expect(await makeModel(fresh, 'refused')).toEqual({ status: 503, code: 'store_unavailable' })
  await until('that is told', () => told(fresh).length > 0)
  expect(told(fresh)).toEqual([{ status: 'starting', source: 'none' }])
  await until('Redis was asked again', () => missed(fresh).includes('debug'))
  expect(missed(fresh).filter((level) => level === 'warn')).toHaveLength(1)
  // The other, which knows the registry, goes on.
  expect([await ready(first), (await chat(first, 'stored')).status]).toEqual([200, 200])

  await redis.start()
  const before = performance.now()
  await until('it is ready', async () => (await ready(fresh)) === 200)
  console.log(`ready ${Math.round(performance.now() - before)} ms after Redis answered`)
  expect((await chat(fresh, 'stored')).status).toBe(200)
  await until('that is told', () => told(fresh).length > 1)
  expect(told(fresh).at(-1)).toEqual({ status: 'current', source: 'store' })
})
