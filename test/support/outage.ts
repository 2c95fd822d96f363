import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { createFleet, type Fleet } from './fleet.ts'
import type { Gateway } from './gateway.ts'
import { type Figures, figuresOf, startLoad, told } from './load.ts'
import { metric } from './metrics.ts'
import { chatModel, userMessage } from './scene.ts'
import { chatAnswer, failure, type Script } from './upstream.ts'
import { until } from './wait.ts'

/** What happens to Redis while three replicas serve 200 requests a second. */
export interface Outage {
  /** Takes Redis away. */
  readonly cut: () => Promise<void>
  /** Resolves once Redis answers again. */
  readonly heal: () => Promise<void>
  /** From `cut` to `heal`; what heals by itself is waited for by `heal`. */
  readonly downMs: number
  readonly name: string
}

const perSecond = 200
const beforeMs = 8_000
const agreedMs = 5_000
/** Below this what is measured is how busy the machine is. */
const noiseMs = 25
/** The same of what a moment's noise is in. */
const burstMs = 100
/** What a request would take that waited for Redis until the store's own deadline. */
const waitedMs = 1_000

/** Limits the upstream model of this name once, for so many seconds. */
const limits = new Map<string, number>()

const upstream: Script = (response, request, socket) => {
  const name = String(request.json()['model'])
  const seconds = limits.get(name)
  limits.delete(name)
  const script =
    seconds === undefined ? chatAnswer('well') : failure(429, 'slow down', { 'retry-after': String(seconds) })
  return script(response, request, socket)
}

/** A model whose first connection is to be limited, before a spare one; each asks for an upstream model of its own. */
function limitedModel(name: string, url: string): Record<string, unknown> {
  const model = chatModel(name, { first: url, spare: url }) as { connections: Record<string, unknown>[] }
  for (const connection of model.connections)
    connection['model_name'] = `${name}-${String(connection['name'])}`
  return model
}

/** Three replicas that have found their Redis, with models `gpt`, `early`, `late` and `both`. */
export async function startFleet(redis: Record<string, unknown>): Promise<Fleet> {
  return createFleet({
    replicas: 3,
    redis,
    upstreams: { first: upstream, second: upstream },
    config: ({ first = '', second = '' }) => {
      const gpt = chatModel('gpt', { first, second }) as { connections: Record<string, unknown>[] }
      for (const connection of gpt.connections) connection['priority'] = 0
      return { models: [gpt, ...['early', 'late', 'both'].map((name) => limitedModel(name, first))] }
    },
  })
}

export async function untilUp({ replicas }: Fleet, up: 0 | 1): Promise<void> {
  await Promise.all(
    replicas.map((replica) =>
      until(`modelgate_redis_up is ${up}`, async () => (await metric(replica, 'modelgate_redis_up')) === up),
    ),
  )
}

/** Until when the first connection of a model is out, ms since 1970; 0 where it is ready. */
export async function outUntil(fleet: Fleet, replica: Gateway, name: string): Promise<number> {
  const { body } = await fleet.admin(replica, 'GET', `/config/llm?q=${name}`)
  const [model] = (body as { items: { connections: ShownConnection[] }[] }).items
  const first = model?.connections.find((connection) => connection.name === 'first')
  if (first === undefined) throw new Error(`there is no model ${name}`)
  return first.state.until === null ? 0 : Date.parse(first.state.until)
}

interface ShownConnection {
  readonly name: string
  readonly state: { readonly until: string | null }
}

/** One request, after which this replica has the first connection of the model out for so long. */
export async function limitFirst(
  fleet: Fleet,
  replica: Gateway,
  name: string,
  seconds: number,
): Promise<void> {
  limits.set(`${name}-first`, seconds)
  const response = await fleet.chat(replica, { model: name })
  await response.text()
  expect([response.status, response.headers.get('x-modelgate-connection')]).toEqual([200, 'spare'])
}

/** Whether all replicas have the connection out for as long as this, within a second. */
export async function allOutFor(fleet: Fleet, name: string, end: number): Promise<boolean> {
  const ends = await Promise.all(fleet.replicas.map((replica) => outUntil(fleet, replica, name)))
  return ends.every((one) => Math.abs(one - end) < 1_000)
}

export const inSeconds = (seconds: number): number => Date.now() + seconds * 1_000

/** Changes something by the control plane of a replica; answers the status and the error's code. */
export async function writeTeam(fleet: Fleet, replica: Gateway, name: string): Promise<[number, unknown]> {
  const { status, body } = await fleet.admin(replica, 'POST', '/teams', { name })
  return [status, (body?.['error'] as { code?: string } | undefined)?.code]
}

export interface Ridden {
  readonly before: Figures
  readonly during: Figures
  readonly after: Figures
}

/** The load alone, around whatever `work` does. Nothing may fail, nor be slow because of it. */
export async function expectNobodySuffers(
  fleet: Fleet,
  name: string,
  work: () => Promise<void>,
): Promise<Ridden> {
  const load = startLoad({
    urls: fleet.replicas.map(({ url }) => `${url}/v1/chat/completions`),
    headers: { authorization: `Bearer ${fleet.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt', messages: [userMessage] }),
    perSecond,
  })
  let from = 0
  let cutAt = 0
  let end = 0
  try {
    // The first requests of a process are slow whatever happens.
    await sleep(2_000)
    from = performance.now()
    await sleep(beforeMs)
    cutAt = performance.now()
    await work()
    end = performance.now()
    await sleep(2_000)
  } finally {
    await load.stop()
  }
  const before = figuresOf(load.shots, from, cutAt)
  const during = figuresOf(load.shots, cutAt, end)
  const after = figuresOf(load.shots, end, Infinity)
  console.log(`${name}\n  before: ${told(before)}\n  during: ${told(during)}\n  after:  ${told(after)}`)
  expect(load.shots.filter(({ status }) => status !== 200)).toEqual([])
  expect(during.count).toBeGreaterThan(0.8 * perSecond * ((end - cutAt) / 1_000))
  expect(during.p99).toBeLessThan(2 * Math.max(before.p99, burstMs))
  expect(during.usualP99).toBeLessThan(2 * Math.max(before.usualP99, noiseMs))
  expect(load.shots.filter(({ ms }) => ms >= waitedMs).length).toBeLessThan(load.shots.length / 500)
  return { before, during, after }
}

/** The whole of it: traffic goes on, writes are refused, and what was learned meanwhile is known to all afterwards. */
export async function expectRiddenOut(fleet: Fleet, { cut, heal, downMs, name }: Outage): Promise<void> {
  const [first, second, third] = fleet.replicas as [Gateway, Gateway, Gateway]
  await limitFirst(fleet, first, 'early', 600)
  const early = inSeconds(600)
  await until('all know it', () => allOutFor(fleet, 'early', early))
  let agreedAfterMs = 0
  await expectNobodySuffers(fleet, name, async () => {
    const cutAt = performance.now()
    await cut()
    // Whoever writes before the loss is noticed waits, but not for long; it may have been written all the same.
    expect(await writeTeam(fleet, first, 'at the cut')).toEqual([503, 'store_unavailable'])
    const answeredAfterMs = performance.now() - cutAt
    expect(answeredAfterMs).toBeLessThan(5_000)
    await untilUp(fleet, 0)
    console.log(`${name}: a write is refused after ${Math.round(answeredAfterMs)} ms`)
    console.log(`${name}: noticed after ${Math.round(performance.now() - cutAt)} ms`)
    // One learns of one limit; two learn of another, of which the longer counts.
    await limitFirst(fleet, second, 'late', 300)
    const late = inSeconds(300)
    await limitFirst(fleet, second, 'both', 100)
    await limitFirst(fleet, third, 'both', 400)
    const both = inSeconds(400)
    expect(await outUntil(fleet, third, 'late')).toBe(0)
    while (performance.now() - cutAt < downMs) {
      for (const replica of fleet.replicas) {
        const from = performance.now()
        expect(await writeTeam(fleet, replica, 'refused')).toEqual([503, 'store_unavailable'])
        expect(performance.now() - from).toBeLessThan(5_000)
        expect((await fetch(`${replica.url}/readyz`)).status).toBe(200)
        expect(await metric(replica, 'modelgate_redis_up')).toBe(0)
      }
      await sleep(500)
    }
    await heal()
    const healedAt = performance.now()
    await until(
      'all have agreed',
      async () => (await allOutFor(fleet, 'late', late)) && allOutFor(fleet, 'both', both),
      { everyMs: 50, timeoutMs: 30_000 },
    )
    await untilUp(fleet, 1)
    expect(await allOutFor(fleet, 'early', early)).toBe(true)
    agreedAfterMs = performance.now() - healedAt
  })
  console.log(`${name}: agreed ${Math.round(agreedAfterMs)} ms after Redis answered again`)
  expect(agreedAfterMs).toBeLessThan(agreedMs)
  for (const [index, replica] of fleet.replicas.entries()) {
    expect(await writeTeam(fleet, replica, `${name} ${index}`)).toEqual([201, undefined])
  }
}
