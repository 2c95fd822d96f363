import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createFleet, type Fleet } from '../support/fleet.ts'
import type { Gateway } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { chatModel } from '../support/scene.ts'
import { chatAnswer, failure, type Script } from '../support/upstream.ts'

interface Answer {
  readonly status: number
  readonly code: string | null
  readonly connection: string | null
  readonly retryAfterMs: number
}

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
      config: (urls) => ({ models: [chatModel('gpt', urls)], cooldown }),
    })
  }

  const sent = () => Object.values(fleet.upstreams).reduce((sum, { requests }) => sum + requests.length, 0)
  const recover = () => {
    for (const upstream of Object.values(fleet.upstreams)) upstream.script = chatAnswer('well again')
  }

  async function ask(replica: Gateway): Promise<Answer> {
    const response = await fleet.chat(replica)
    const body = (await response.json()) as { error?: { code: string } }
    return {
      status: response.status,
      code: body.error?.code ?? null,
      connection: response.headers.get('x-modelgate-connection'),
      retryAfterMs: Number(response.headers.get('retry-after-ms')),
    }
  }

  /** One request to each replica, until all of them say that nothing is left. */
  async function refusals(): Promise<Answer[]> {
    const answers: Answer[] = []
    for (const replica of fleet.replicas) {
      let answer = await ask(replica)
      for (let tries = 0; answer.status !== 503 && tries < 10; tries++) answer = await ask(replica)
      answers.push(answer)
    }
    return answers
  }

  it('says when to come back, and whoever comes then is let through', { timeout: 60_000 }, async () => {
    // No last resort for what refuses: nothing is asked of it before its time.
    await start(failure(403, 'no right'), { base_seconds: 2, max_seconds: 2 })
    const refused = await refusals()
    for (const { status, code, retryAfterMs } of refused) {
      expect([status, code]).toEqual([503, 'no_healthy_connection'])
      expect(retryAfterMs).toBeGreaterThan(0)
      expect(retryAfterMs).toBeLessThanOrEqual(2_400)
    }
    const before = sent()
    expect(before).toBe(2)
    recover()
    // Each client comes back to its replica at the very moment that it was told.
    const statuses = await Promise.all(
      refused.map(async ({ retryAfterMs }, index) => {
        await sleep(retryAfterMs)
        return (await ask(fleet.replicas[index] as Gateway)).status
      }),
    )
    console.log(
      `${replicas} replicas: clients told ${refused.map((one) => one.retryAfterMs).join(', ')} ms got ${statuses.join(', ')}`,
    )
    expect(statuses).toContain(200)
    // A client whose replica does not hold the trial is told anew, and not for long: then all is well.
    const second = await Promise.all(
      fleet.replicas.map(async (replica, index) => {
        if (statuses[index] === 200) return 200
        const { retryAfterMs, status } = await ask(replica)
        await sleep(status === 200 ? 0 : retryAfterMs)
        return (await ask(replica)).status
      }),
    )
    expect(second).toEqual(fleet.replicas.map(() => 200))
  })

  it(
    'lets one request try the one that returns soonest, where all have failed',
    { timeout: 60_000 },
    async () => {
      await start(failure(500, 'broken'), { base_seconds: 60, max_seconds: 60 })
      // The pool alone decides: three failures in a row put each of them out.
      for (let tries = 0; tries < 12; tries++) await ask(fleet.replicas[tries % replicas] as Gateway)
      const answers: Answer[] = []
      let before = sent()
      let release = () => {}
      const released = new Promise<void>((resolve) => (release = resolve))
      for (const upstream of Object.values(fleet.upstreams)) {
        upstream.script = async (...answer) => {
          await released
          return chatAnswer('well again')(...answer)
        }
      }
      before = sent()
      const storm = Array.from({ length: 60 }, async (_, index) => {
        answers.push(await ask(fleet.replicas[index % replicas] as Gateway))
      })
      await sleep(1_500)
      const atOnce = sent() - before
      release()
      await Promise.all(storm)
      console.log(`${replicas} replicas: ${atOnce} of 60 requests were the last resort at once`)
      expect(atOnce).toBeLessThanOrEqual(1)
      for (const { status, code, retryAfterMs } of answers.filter((answer) => answer.status !== 200)) {
        expect([status, code]).toEqual([503, 'no_healthy_connection'])
        expect(retryAfterMs).toBeGreaterThan(0)
      }
    },
  )
})
