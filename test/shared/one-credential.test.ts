import { afterEach, expect, it } from 'vitest'
import { createFleet, type Fleet, openaiKey } from '../support/fleet.ts'
import { type Gateway } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { chatAnswer, failure, type Script, sendJson, type Upstream } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

const models = ['alpha', 'beta', 'gamma', 'delta']

/** A provider of which one model may refuse; lists its models to whoever has the right key. */
function provider(refusals: Record<string, Script> = {}, all: Script | null = null): Script {
  return (response, request, socket) => {
    if (all !== null) return all(response, request, socket)
    if (request.method === 'GET')
      return sendJson(response, { object: 'list', data: models.map((id) => ({ id })) })
    const script = refusals[String(request.json()['model'])] ?? chatAnswer('well')
    return script(response, request, socket)
  }
}

let fleet: Fleet
let redis: RedisServer | null = null
afterEach(async () => {
  await fleet.stop()
  await redis?.stop()
  redis = null
})
const gateway = () => fleet.replicas[0] as Gateway
const upstream = () => fleet.upstreams['main'] as Upstream

async function start({ replicas = 1 } = {}): Promise<void> {
  if (replicas > 1) redis = await startRedis()
  fleet = await createFleet({
    replicas,
    ...(redis === null ? {} : { redis: { url: redis.url } }),
    upstreams: { main: provider() },
    config: ({ main }) => ({
      credentials: [{ name: 'account', ...openaiKey('sk-planted', main) }],
      models: models.map((name) => ({
        name,
        connections: [{ name: 'only', credential: 'account', model_name: name }],
      })),
      cooldown: { base_seconds: 2, max_seconds: 2 },
    }),
  })
}

async function statuses(replica = gateway()): Promise<number[]> {
  const answers = await Promise.all(models.map((model) => fleet.chat(replica, { model })))
  await Promise.all(answers.map((answer) => answer.text()))
  return answers.map(({ status }) => status)
}

async function items(path: string, replica = gateway()): Promise<Record<string, unknown>[]> {
  const { body } = await fleet.admin(replica, 'GET', path)
  return (body as { items: Record<string, unknown>[] }).items
}

/** By model: the state of its connection, and why. */
async function states(replica = gateway()): Promise<Record<string, string>> {
  const views = (await items('/config/llm', replica)) as {
    name: string
    connections: { state: ShownState }[]
  }[]
  return Object.fromEntries(
    views.map(({ name, connections: [only] }) => [
      name,
      [only?.state.state, only?.state.reason].join(' ').trim(),
    ]),
  )
}

interface ShownState {
  readonly state: string
  readonly reason: string | null
}

const credential = async (replica = gateway()) => (await items('/llm_credentials', replica))[0]
const well = { alpha: 'ready', beta: 'ready', gamma: 'ready', delta: 'ready' }

it.each([
  ['403', failure(403, 'no access to this model'), 'permission'],
  ['404', failure(404, 'no such model', {}, 'model_not_found'), 'model_not_found'],
])('%s for one model leaves the others of its credential alone', async (_, script, reason) => {
  await start()
  expect(await statuses()).toEqual([200, 200, 200, 200])
  upstream().script = provider({ beta: script })
  const before = upstream().requests.length
  expect(await statuses()).toEqual([200, 502, 200, 200])
  expect(await states()).toEqual({ ...well, beta: `unhealthy ${reason}` })
  expect(await statuses()).toEqual([200, 503, 200, 200])
  // Neither the credential nor another model was asked about for it.
  expect(upstream().requests.length - before).toBe(7)
  expect(await credential()).toMatchObject({ status: 'active', status_reason: null })
  upstream().script = provider()
  await until('it is back', async () => (await statuses()).every((status) => status === 200))
  expect(await states()).toEqual(well)
})

it('a revoked key takes out all its connections within one probe, until it passes again', async () => {
  await start()
  expect(await statuses()).toEqual([200, 200, 200, 200])
  upstream().script = provider({}, failure(401, 'this key was revoked', {}, 'invalid_api_key'))
  const before = upstream().requests.length
  expect((await fleet.chat(gateway(), { model: 'alpha' })).status).toBe(502)
  await until('all are out', async () =>
    Object.values(await states()).every((state) => state === 'unhealthy authentication'),
  )
  // The request itself, and one question about the credential.
  expect(
    upstream()
      .requests.slice(before)
      .map(({ method, path }) => `${method} ${path}`),
  ).toEqual(['POST /v1/chat/completions', 'GET /v1/models'])
  expect(await credential()).toMatchObject({ status: 'error' })
  expect(String((await credential())?.['status_reason'])).toContain('this key was revoked')
  expect(await statuses()).toEqual([503, 503, 503, 503])
  expect(upstream().requests.length - before).toBe(2)

  upstream().script = provider()
  await until('one passes its trial', async () => (await fleet.chat(gateway(), { model: 'gamma' })).ok)
  // With the first success all of them are back, and none waits for a trial of its own.
  expect(await states()).toEqual(well)
  expect(await credential()).toMatchObject({ status: 'active', status_reason: null })
  expect(await statuses()).toEqual([200, 200, 200, 200])
})

it('one endpoint that answers 401 is not the whole key', async () => {
  await start()
  upstream().script = provider({ beta: failure(401, 'not here', {}, 'invalid_api_key') })
  expect((await fleet.chat(gateway(), { model: 'beta' })).status).toBe(502)
  await until('the credential was asked about', () =>
    upstream().requests.some(({ method }) => method === 'GET'),
  )
  expect(await statuses()).toEqual([200, 503, 200, 200])
  expect(await states()).toEqual({ ...well, beta: 'unhealthy authentication' })
  expect(await credential()).toMatchObject({ status: 'active' })
})

it(
  'a revoked key is out in the whole fleet within one probe, and comes back everywhere',
  { timeout: 60_000 },
  async () => {
    await start({ replicas: 3 })
    for (const replica of fleet.replicas) expect(await statuses(replica)).toEqual([200, 200, 200, 200])
    upstream().script = provider({}, failure(401, 'this key was revoked', {}, 'invalid_api_key'))
    const before = upstream().requests.length
    expect((await fleet.chat(gateway(), { model: 'alpha' })).status).toBe(502)
    const allOut = async (replica: Gateway) =>
      Object.values(await states(replica)).every((state) => state === 'unhealthy authentication')
    for (const replica of fleet.replicas) await until('all are out', () => allOut(replica))
    for (const replica of fleet.replicas) expect(await statuses(replica)).toEqual([503, 503, 503, 503])
    expect(upstream().requests.length - before).toBe(2)

    upstream().script = provider()
    const last = fleet.replicas[2] as Gateway
    await until('one passes its trial', async () => (await fleet.chat(last, { model: 'gamma' })).ok)
    const from = performance.now()
    for (const replica of fleet.replicas) {
      await until('all are back', async () =>
        Object.values(await states(replica)).every((state) => state === 'ready'),
      )
    }
    console.log(`all are back everywhere ${Math.round(performance.now() - from)} ms after the first`)
    for (const replica of fleet.replicas) {
      expect(await statuses(replica)).toEqual([200, 200, 200, 200])
      expect(await credential(replica)).toMatchObject({ status: 'active', status_reason: null })
    }
  },
)
