import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Model } from '../../src/core/entities.ts'
import { createSharedLink } from '../../src/routing/shared/shared-link.ts'
import {
  createScene,
  failure,
  makeConnection,
  makeModel,
  seededRandom,
  success,
} from '../../src/routing/testing/scene.ts'
import { createEmbeddedStore } from '../../src/store/embedded/embedded.ts'
import type { Costs } from './costs.ts'
import { createEventQueue } from './event-queue.ts'
import { createModelledServer } from './modelled-server.ts'
import type { Second } from './server-time.ts'

export interface StormOptions {
  readonly replicas: number
  /** With five connections each. */
  readonly models: number
  /** Of each replica to each model. */
  readonly requestsPerSecond: number
  readonly costs: Costs
  readonly seed?: number
}

export interface Storm {
  readonly seconds: readonly Second[]
  /** From the first failure until every replica has every connection out, ms; null: not while it lasted. */
  readonly knownAfterMs: number | null
  /** From the end of the outage until every replica serves every model, ms; null: not within the simulation. */
  readonly servedAfterMs: number | null
  /** Requests that reached the providers between the moment at which all knew and the end of the outage. */
  readonly attemptsMeanwhile: number
}

export const perModel = 5
export const quietMs = 10_000
export const outageMs = 60_000
const afterMs = 60_000
const answerMs = 50

/** The project's own pools and links before a modelled server, in simulated time. */
function createWorld({ replicas: count, models: width, costs, seed = 1 }: StormOptions) {
  const random = seededRandom(seed)
  const queue = createEventQueue()
  const { clock, schedule } = queue
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-fleet-'))
  const inner = createEmbeddedStore({ dataDir, clock })
  const server = createModelledServer({ inner, costs, queue })
  const models = Array.from({ length: width }, (_, index) =>
    makeModel(
      Array.from({ length: perModel }, (__, place) => {
        const name = `${index}-${place}`
        return makeConnection(name, { id: `id-${name}`, modelId: `model-${index}` })
      }),
    ),
  )
  const replicas = Array.from({ length: count }, (_, index) => {
    const link = createSharedLink({
      store: server.open(),
      holder: `replica-${index}`,
      onUnusedTrial: () => false,
      clock,
      random,
      schedule,
    })
    const scene = createScene({ clock, link, random })
    scene.pool.retain(models.flatMap(({ connections }) => connections))
    return { ...scene, link }
  })
  return {
    random,
    queue,
    server,
    models,
    replicas,
    async close() {
      await inner.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

type World = ReturnType<typeof createWorld>
type Replica = World['replicas'][number]

/** Requests come by themselves, as from many clients; each is one attempt. */
function sendTraffic({ random, queue, models }: World, requestsPerSecond: number) {
  const { clock, schedule } = queue
  let isOut = false
  let attempts = 0

  function request({ acquire }: Replica, model: Model): void {
    const choice = acquire(model)
    if (choice.kind === 'none') return
    if (isOut) attempts++
    const result = isOut ? failure('provider_down') : success
    schedule(answerMs, () => choice.attempt.settle(result))
  }

  function arrive(replica: Replica): void {
    const pauseMs = (-Math.log(1 - random()) * 1_000) / (requestsPerSecond * models.length)
    schedule(pauseMs, () => {
      request(replica, models[Math.floor(random() * models.length)] as Model)
      arrive(replica)
    })
  }

  return {
    arrive,
    /** Every provider fails from now on, or none does. */
    fail: (next: boolean) => (isOut = next),
    /** That reached a provider while all failed. */
    attempts: () => attempts,
    at: (begun: number) => clock.monotonic() - begun,
  }
}

/** All connections fail at once for a minute and are well again. */
export async function simulateStorm(options: StormOptions): Promise<Storm> {
  const world = createWorld(options)
  const { queue, replicas, models, server } = world
  const begun = queue.clock.monotonic()
  const traffic = sendTraffic(world, options.requestsPerSecond)
  const isReady = (replica: Replica, model: Model) =>
    model.connections.map((one) => replica.router.status(one).state === 'ready')
  const everywhere = (holds: (ready: boolean[]) => boolean) =>
    replicas.every((replica) => models.every((model) => holds(isReady(replica, model))))

  /** The first moment at which it holds, looked for every 100 ms up to `endMs`. */
  async function firstAt(endMs: number, holds: () => boolean): Promise<number | null> {
    for (let ms = traffic.at(begun); ms <= endMs; ms += 100) {
      await queue.runTo(ms)
      if (holds()) return traffic.at(begun)
    }
    return null
  }

  const attached = Promise.all(replicas.map(({ link, pool }) => link.attach(pool)))
  for (const replica of replicas) traffic.arrive(replica)
  await queue.runTo(quietMs)
  await attached
  traffic.fail(true)
  const known = await firstAt(quietMs + outageMs, () => everywhere((ready) => !ready.includes(true)))
  const before = traffic.attempts()
  await queue.runTo(quietMs + outageMs)
  traffic.fail(false)
  const attemptsMeanwhile = traffic.attempts() - before
  const endMs = quietMs + outageMs
  const served = await firstAt(endMs + afterMs, () => everywhere((ready) => ready.includes(true)))
  await world.close()
  return {
    seconds: server.seconds,
    knownAfterMs: known === null ? null : known - quietMs,
    servedAfterMs: served === null ? null : served - endMs,
    attemptsMeanwhile,
  }
}
