import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createFleet, type Fleet } from '../support/fleet.ts'
import type { Gateway } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { chatModel } from '../support/scene.ts'
import { chatAnswer, failure, type Script } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

interface Answer {
  readonly status: number
  readonly code: string | null
  readonly retryAfterMs: number
}

const rounds = ['one', 'two', 'three']

describe.each([
  ['one process', 1],
  ['three replicas with one Redis', 3],
])('%s, all connections out', (_, replicas) => {
  let redis: RedisServer | null = null
  let fleet: Fleet
  afterEach(async () => {
    await fleet?.stop()
    await redis?.stop()
    redis = null
  })

  async function start(script: Script, cooldown: Record<string, unknown>): Promise<void> {
    if (replicas > 1) redis = await startRedis()
    fleet = await createFleet({
      replicas,
      ...(redis === null ? {} : { redis: { url: redis.url } }),
      upstreams: { first: script, second: script },
      config: (urls) => ({ models: rounds.map((name) => chatModel(name, urls)), cooldown }),
    })
  }

  const requests = () => Object.values(fleet.upstreams).flatMap((upstream) => upstream.requests)
  const busy = () => Object.values(fleet.upstreams).reduce((sum, upstream) => sum + upstream.busy, 0)
  const setScript = (script: Script) => {
    for (const upstream of Object.values(fleet.upstreams)) upstream.script = script
  }
  const replicaAt = (index: number) => fleet.replicas[index % replicas] as Gateway

  async function ask(replica: Gateway, model: string): Promise<Answer> {
    const response = await fleet.chat(replica, { model })
    const body = (await response.json()) as { error?: { code: string } }
    return {
      status: response.status,
      code: body.error?.code ?? null,
      retryAfterMs: Number(response.headers.get('retry-after-ms')),
    }
  }

  /** Until every replica has both connections of a model in this state. */
  function untilAll(model: string, wanted: string): Promise<unknown> {
    return until(`all of ${model} are ${wanted} everywhere`, async () => {
      const pages = await Promise.all(
        fleet.replicas.map(async (replica) => (await fleet.admin(replica, 'GET', '/config/llm')).body),
      )
      const models = pages.flatMap((page) => (page as { items: ShownModel[] }).items)
      return models
        .filter(({ name }) => name === model)
        .every(({ connections }) => connections.every(({ state }) => state.state === wanted))
    })
  }

  it('says when to come back, and who comes then is let through', { timeout: 60_000 }, async () => {
    // No last resort for what refuses: nothing is asked of it before its time.
    await start(failure(403, 'no right'), { base_seconds: 1, max_seconds: 1 })
    for (const [index, model] of rounds.entries()) {
      setScript(failure(403, 'no right'))
      expect(await ask(replicaAt(0), model)).toMatchObject({ status: 502, code: 'upstream_auth_failed' })
      await untilAll(model, 'unhealthy')
      const before = requests().length
      // Whoever refuses a client may be another than who has met the failure.
      const refused = await ask(replicaAt(index), model)
      expect([refused.status, refused.code]).toEqual([503, 'no_healthy_connection'])
      expect(refused.retryAfterMs).toBeGreaterThan(0)
      expect(refused.retryAfterMs).toBeLessThanOrEqual(1_100)
      expect(requests()).toHaveLength(before)
      setScript(chatAnswer('well again'))
      await sleep(refused.retryAfterMs)
      const next = await ask(replicaAt(index), model)
      console.log(`${replicas} replicas: told ${refused.retryAfterMs} ms, then ${next.status}`)
      expect(next.status).toBe(200)
    }
  })

  it('lets one request try what returns soonest, where all have failed', { timeout: 60_000 }, async () => {
    const model = 'one'
    await start(failure(500, 'broken'), { base_seconds: 60, max_seconds: 60 })
    for (let tries = 0; tries < 12; tries++) await ask(replicaAt(tries), model)
    await untilAll(model, 'cooling')
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    setScript(async (...answer) => {
      await released
      return chatAnswer('well again')(...answer)
    })
    const before = requests().length
    const answers: Answer[] = []
    const storm: Promise<unknown>[] = []
    for (let wave = 0; wave < 20; wave++) {
      for (let index = 0; index < 6; index++) {
        storm.push(ask(replicaAt(index), model).then((answer) => answers.push(answer)))
      }
      await sleep(50)
    }
    await until('the others are refused', () => answers.length === storm.length - 1)
    expect([requests().length - before, busy()]).toEqual([1, 1])
    for (const { status, code, retryAfterMs } of answers) {
      expect([status, code]).toEqual([503, 'no_healthy_connection'])
      expect(retryAfterMs).toBeGreaterThan(0)
    }
    release()
    await Promise.all(storm)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const replica of fleet.replicas) {
      await until('it serves again', async () => (await ask(replica, model)).status === 200)
    }
  })

  it('has no last resort where providers limit or refuse', { timeout: 60_000 }, async () => {
    await start(failure(429, 'slow down', { 'retry-after': '60' }), {})
    expect((await ask(replicaAt(0), 'one')).status).toBe(429)
    setScript(failure(403, 'no right'))
    expect((await ask(replicaAt(0), 'two')).status).toBe(502)
    await untilAll('one', 'cooling')
    await untilAll('two', 'unhealthy')
    setScript(chatAnswer('well again'))
    const before = requests().length
    for (let index = 0; index < 12; index++) {
      expect(await ask(replicaAt(index), 'one')).toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
      expect(await ask(replicaAt(index), 'two')).toMatchObject({ status: 503, code: 'no_healthy_connection' })
      await sleep(50)
    }
    expect(requests()).toHaveLength(before)
  })
})

interface ShownModel {
  readonly name: string
  readonly connections: readonly { readonly state: { readonly state: string } }[]
}
