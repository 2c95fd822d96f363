import { seededRandom } from '../../src/routing/testing/scene.ts'
import { createFetch } from '../../src/store/redis/fetch.ts'
import { createKeys } from '../../src/store/redis/keys.ts'
import type { Costs } from './costs.ts'
import { createEventQueue } from './event-queue.ts'
import { createServerTime, type Second } from './server-time.ts'

export interface HerdOptions {
  readonly replicas: number
  readonly entities: number
  readonly costs: Costs
  readonly seed?: number
}

export interface Herd {
  readonly seconds: readonly Second[]
  /** Until every replica has the registry, ms; null: not in ten minutes. */
  readonly doneAfterMs: number | null
  /** Readings that were begun, or gone on with. */
  readonly begun: number
  /** Signs of life that came too late. */
  readonly lost: number
  /** The longest that anybody waited for an answer, ms. */
  readonly waitMs: number
}

/** Between two sessions a replica waits up to a second; between two readings of the registry about five. */
const reconnectMs = 1_000
const againMs = 5_000
const pingMs = 1_000
const longestMs = 600_000

/** After a restart of the server every replica reads the whole registry: the project's own reader, simulated time. */
export async function simulateHerd({ replicas, entities, costs, seed = 1 }: HerdOptions): Promise<Herd> {
  const random = seededRandom(seed)
  const queue = createEventQueue()
  const { schedule, clock } = queue
  const start = clock.monotonic()
  const time = createServerTime({ queue })
  const keys = createKeys({ prefix: 'herd', database: 0 })
  let done = 0
  let begun = 0
  let lost = 0

  /** What the script `fetch` answers: entities by their places. */
  const run = (_: string, __: readonly string[], args: readonly unknown[]) =>
    time.call(
      'fetch',
      (answer: readonly unknown[]) =>
        costs.fetchNone.cpuUs + ((answer.length - 5) / 3) * costs.fetchEach.cpuUs,
      async () => {
        const from = Number(args[1])
        const to = Math.min(entities, from + Number(args[2]))
        // One name for all of a page: thousands of replicas are simulated in one memory.
        const entry = [`model:${from}`, `${to}`, '{}']
        const rest = Array.from({ length: to - from }, () => entry)
        return ['epoch', '1', '0', 'history', to < entities ? 1 : 0, ...rest.flat()]
      },
    )

  /** As long as it reads: a sign of life that comes late would end the session. */
  function watch(isDone: () => boolean): void {
    const ask = () =>
      time.call(
        'ping',
        () => costs.idle.cpuUs / 2,
        async () => undefined,
      )
    Promise.all([ask(), ask()]).catch(() => lost++)
    schedule(pingMs, () => {
      if (!isDone()) watch(isDone)
    })
  }

  function connect(): void {
    const fetch = createFetch({ run, keys, timeoutMs: longestMs })
    let isDone = false
    const read = () => {
      begun++
      fetch(null).then(
        () => {
          isDone = true
          done++
        },
        () => schedule(againMs * (0.8 + 0.4 * random()), read),
      )
    }
    time
      .call(
        'connect',
        () => costs.connect.cpuUs,
        async () => undefined,
      )
      .then(
        () => {
          read()
          watch(() => isDone)
        },
        () => schedule(reconnectMs * random(), connect),
      )
  }

  for (let replica = 0; replica < replicas; replica++) schedule(random() * reconnectMs, connect)
  for (let ms = 0; ms < longestMs && done < replicas; ms += 100) await queue.runTo(ms)
  return {
    seconds: time.seconds,
    doneAfterMs: done < replicas ? null : clock.monotonic() - start,
    begun,
    lost,
    waitMs: Math.max(0, ...time.seconds.map((one) => one?.wait ?? 0)),
  }
}
