import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type AttemptOutcome, failureReasons } from '../../core/failure.ts'
import { outage } from '../connection-state.ts'
import type { Attempt } from '../router.ts'
import { failure, makeConnection, makeModel, neutral } from '../testing/scene.ts'
import { comeBack, conclude, createReference, type Reference } from './testing/fleet-reference.ts'
import { createFleet, type Fleet, type Replica } from './testing/fleet.ts'
import type { Ground } from './testing/ground.ts'

/** Random lives of three replicas on one store. Dice of the pools are fixed, so that times can be compared. */

const replicaCount = 3
const connections = [makeConnection('a'), makeConnection('b')]
const model = makeModel(connections)
const longestTrialMs = 300_000
/** What lengthens a cooldown by moments is not told. */
const closeMs = 600

interface InFlight {
  readonly connection: number
  readonly replica: number
  readonly attempt: Attempt
}

interface World {
  readonly fleet: Fleet
  readonly ground: Ground
  readonly references: Reference[]
  readonly inFlight: Map<number, InFlight>
  nextAttempt: number
}
type Step = (world: World) => Promise<void>
type Command = fc.AsyncCommand<object, World>

function command(label: string, step: Step, check: Step): Command {
  return {
    check: () => true,
    async run(_, world) {
      await step(world)
      await world.fleet.settle()
      await check(world)
    },
    toString: () => label,
  }
}

function replicaOf({ fleet }: World, index: number): Replica {
  return fleet.replicas[index % replicaCount] as Replica
}

function referenceOf({ references }: World, connection: number): Reference {
  return references[connection % connections.length] as Reference
}

const nowOf = ({ ground }: World) => ground.timers.clock.monotonic()

/** Asks for one connection by its name; a ready one is given, one that is out only as the one trial of all. */
function ask(world: World, which: number, replica: number): Attempt | null {
  const connection = which % connections.length
  const { name } = connections[connection] as (typeof connections)[number]
  const choice = replicaOf(world, replica).acquire(model, { connectionName: name })
  if (choice.kind === 'none') return null
  const id = world.nextAttempt++
  world.inFlight.set(id, { connection, replica: replica % replicaCount, attempt: choice.attempt })
  return choice.attempt
}

function pickInFlight({ inFlight }: World, pick: number): [number, InFlight] | null {
  return [...inFlight][pick % inFlight.size] ?? null
}

const hint = fc.option(fc.integer({ min: 0, max: 400_000 }), { nil: undefined })
const outcome: fc.Arbitrary<AttemptOutcome> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<AttemptOutcome>({ kind: 'success', firstByteMs: 5 }) },
  { weight: 1, arbitrary: fc.constant<AttemptOutcome>(neutral) },
  {
    weight: 6,
    arbitrary: fc
      .record({ reason: fc.constantFrom('network' as const, ...failureReasons), retryAfterMs: hint })
      .map(({ reason, retryAfterMs }) => failure(reason, retryAfterMs)),
  },
)
const pick = fc.nat(1_000)
const pause = fc.oneof(fc.nat(300), fc.nat(3_000), fc.nat(40_000), fc.nat(200_000))

async function live(ground: Ground, commands: Iterable<Command>): Promise<void> {
  const { timers } = ground
  const stores = await ground.open(replicaCount)
  const fleet = await createFleet({ stores, timers, connections })
  const references = connections.map(() => createReference(replicaCount))
  const world: World = { fleet, ground, references, inFlight: new Map(), nextAttempt: 0 }
  try {
    await fc.asyncModelRun(() => ({ model: {}, real: world }), commands)
  } finally {
    await fleet.close()
    await ground.leave()
  }
}

async function expectReference(world: World): Promise<void> {
  const now = nowOf(world)
  for (const [index, connection] of connections.entries()) {
    const one = referenceOf(world, index)
    for (const [place, { router, pool }] of world.fleet.replicas.entries()) {
      const status = router.status(connection)
      const flying = [...world.inFlight.values()].filter(
        ({ connection: at, replica }) => at === index && replica === place,
      )
      expect(status.inFlight).toBe(flying.length)
      const out = outage(pool.entry(connection).state)
      expect(out === null).toBe(one.outUntil === null)
      if (out === null || one.outUntil === null) continue
      expect(out.ejections).toBe(one.ejections)
      if (Math.max(out.until, one.outUntil) > now)
        expect(Math.abs(out.until - one.outUntil)).toBeLessThan(closeMs)
    }
  }
}

const step = (label: string, run: Step) => command(label, run, expectReference)

const asks = fc.tuple(pick, pick).map(([which, replica]) =>
  step(`ask(${which % 2}, ${replica % replicaCount})`, async (world) => {
    const one = referenceOf(world, which)
    const attempt = world.nextAttempt
    const isGiven = ask(world, which, replica) !== null
    const now = nowOf(world)
    const isReady = one.outUntil === null
    const isDue = one.outUntil !== null && one.trial === null && one.outUntil <= now + closeMs
    if (!isDue && isGiven !== isReady) throw new Error(`a request was ${isGiven ? 'let through' : 'refused'}`)
    if (isDue && isGiven) one.trial = { attempt, replica: replica % replicaCount, since: now }
  }),
)
const settles = fc.tuple(pick, outcome).map(([which, result]) =>
  step(`settle(${which}, ${JSON.stringify(result)})`, async (world) => {
    const found = pickInFlight(world, which)
    if (found === null) return
    const [id, { attempt, connection, replica }] = found
    world.inFlight.delete(id)
    attempt.settle(result)
    conclude(referenceOf(world, connection), { attempt: id, replica, outcome: result, now: nowOf(world) })
  }),
)
const answers = pick.map((which) =>
  step(`answered(${which})`, async (world) => {
    const found = pickInFlight(world, which)
    if (found === null) return
    const [id, { attempt, connection, replica }] = found
    attempt.answered()
    const one = referenceOf(world, connection)
    if (one.trial?.attempt === id) comeBack(one, replica, one.ejections)
  }),
)
const advances = pause.map((ms) =>
  step(`advance(${ms} ms)`, async (world) => {
    for (const one of world.references) {
      if (one.trial === null || nowOf(world) - one.trial.since < longestTrialMs) continue
      world.inFlight.get(one.trial.attempt)?.attempt.settle(neutral)
      world.inFlight.delete(one.trial.attempt)
      one.trial = null
    }
    await world.fleet.advance(ms)
  }),
)
const restores = fc.tuple(pick, pick).map(([which, replica]) =>
  step(`restore(${which % 2}, ${replica % replicaCount})`, async (world) => {
    const connection = connections[which % 2] as (typeof connections)[number]
    replicaOf(world, replica).pool.restore(connection)
    comeBack(referenceOf(world, which), replica % replicaCount, 0)
  }),
)

/** What three replicas on any store must do; `runs` lives of up to 100 steps each. */
export function fleetReferenceTest(openGround: () => Promise<Ground>, runs: number): void {
  it('is one pool, whatever happens in whatever order', async () => {
    const ground = await openGround()
    const commands = fc.commands([asks, asks, asks, settles, settles, answers, advances, restores], {
      maxCommands: 100,
      size: 'max',
    })
    try {
      await fc.assert(
        fc.asyncProperty(commands, (steps) => live(ground, steps)),
        { numRuns: runs },
      )
    } finally {
      await ground.close()
    }
  }, 120_000)
}
