import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFleet, type Fleet, median, openaiKey } from '../support/fleet.ts'
import type { Gateway } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { chatAnswer, failure, type Script } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

const spread = { rounds: 50, withinMs: 100 }
const trialRounds = 5
const well = chatAnswer('well')

/** What the next request for an upstream model gets; without an entry all is well. */
const scripts = new Map<string, Script>()
/** By upstream model, `performance.now()` of every request. */
const arrivals = new Map<string, number[]>()

const byModel: Script = (response, request, socket) => {
  const name = String(request.json()['model'])
  arrivals.set(name, [...(arrivals.get(name) ?? []), performance.now()])
  return (scripts.get(name) ?? well)(response, request, socket)
}

/** One answer, and all is well again from then on. */
function once(name: string, script: Script): void {
  scripts.set(name, (...answer) => {
    scripts.delete(name)
    return script(...answer)
  })
}

const limited = (seconds: number) => failure(429, 'slow down', { 'retry-after': String(seconds) })

function connection(name: string, modelName: string, url: string, priority: number) {
  return { name, model_name: modelName, priority, credentials: openaiKey(`sk-${modelName}`, url) }
}

describe('three replicas with one Redis', () => {
  let redis: RedisServer
  let fleet: Fleet

  beforeAll(async () => {
    redis = await startRedis()
    fleet = await createFleet({
      replicas: 3,
      redis: { url: redis.url },
      upstreams: { main: byModel },
      config: ({ main = '' }) => ({
        models: [
          ...Array.from({ length: spread.rounds }, (_, round) => ({
            name: `spread-${round}`,
            connections: [
              connection('first', `first-${round}`, main, 0),
              connection('spare', `spare-${round}`, main, 1),
            ],
          })),
          ...Array.from({ length: trialRounds }, (_, round) => ({
            name: `trial-${round}`,
            connections: [connection('only', `only-${round}`, main, 0)],
          })),
        ],
      }),
    })
  })
  afterAll(async () => {
    await fleet?.stop()
    await redis?.stop()
  })

  async function ask(replica: Gateway, model: string) {
    const response = await fleet.chat(replica, { model })
    await response.text()
    return {
      status: response.status,
      connection: response.headers.get('x-modelgate-connection'),
      retryAfterMs: Number(response.headers.get('retry-after-ms')),
    }
  }

  it(
    'a limit that one has met empties the connection from all within 100 ms',
    { timeout: 60_000 },
    async () => {
      const delays: number[] = []
      for (let round = 0; round < spread.rounds; round++) {
        const model = `spread-${round}`
        const name = `first-${round}`
        const met = fleet.replicas[round % 3] as Gateway
        const others = fleet.replicas.filter((replica) => replica !== met)
        expect(
          await Promise.all(fleet.replicas.map(async (one) => (await ask(one, model)).connection)),
        ).toEqual(['first', 'first', 'first'])
        let metAt = 0
        // Everybody but the first to ask is served, so that whoever leaves the connection alone has heard of it.
        once(name, (...answer) => {
          metAt = performance.now()
          return limited(60)(...answer)
        })
        const asked = ask(met, model)
        await until('the limit is met', () => metAt > 0)
        await Promise.all(
          others.map((other) =>
            until('it is heard of', async () => (await ask(other, model)).connection === 'spare', {
              everyMs: 1,
            }),
          ),
        )
        delays.push(performance.now() - metAt)
        expect((await asked).connection).toBe('spare')
      }
      console.log(
        `from the 429 until both others have answered a request without the connection, ${spread.rounds} rounds: ` +
          `median ${median(delays).toFixed(1)} ms, worst ${Math.max(...delays).toFixed(1)} ms`,
      )
      expect(delays).toHaveLength(spread.rounds)
      expect(median(delays)).toBeLessThan(spread.withinMs)
    },
  )

  it(
    'one request of the whole fleet is the trial, and its success is everybody’s',
    { timeout: 60_000 },
    async () => {
      const delays: number[] = []
      for (let round = 0; round < trialRounds; round++) {
        const model = `trial-${round}`
        const name = `only-${round}`
        scripts.set(name, limited(1))
        const refusals = await Promise.all(fleet.replicas.map(async (one) => ask(one, model)))
        expect(refusals.map(({ status }) => status)).toEqual([429, 429, 429])
        const before = arrivals.get(name)?.length ?? 0
        let release = () => {}
        const released = new Promise<void>((resolve) => (release = resolve))
        scripts.set(name, async (...answer) => {
          await released
          return well(...answer)
        })
        // As long as the clients were told to wait; some of them come late.
        await sleep(Math.max(...refusals.map(({ retryAfterMs }) => retryAfterMs)) + 50)
        const storm = Array.from({ length: 300 }, async (_, index) =>
          ask(fleet.replicas[index % 3] as Gateway, model),
        )
        let refused = 0
        for (const request of storm) void request.then(({ status }) => void (status === 429 && refused++))
        await until('all but one are refused', () => refused === 299)
        expect((arrivals.get(name)?.length ?? 0) - before).toBe(1)
        release()
        const releasedAt = performance.now()
        scripts.delete(name)
        const statuses = (await Promise.all(storm)).map(({ status }) => status)
        expect(statuses.filter((status) => status === 200)).toHaveLength(1)
        expect(statuses.filter((status) => status === 429)).toHaveLength(299)
        await Promise.all(
          fleet.replicas.map((one) =>
            until('it is back', async () => (await ask(one, model)).status === 200, { everyMs: 1 }),
          ),
        )
        delays.push(performance.now() - releasedAt)
      }
      console.log(
        `from the end of the trial until all three serve again, ${trialRounds} rounds: ` +
          `median ${median(delays).toFixed(1)} ms, worst ${Math.max(...delays).toFixed(1)} ms`,
      )
      expect(median(delays)).toBeLessThan(spread.withinMs)
    },
  )
})
