import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Connection } from '../../core/entities.ts'
import { type AttemptOutcome, failureReasons } from '../../core/failure.ts'
import { awaitsTrial, type Out, outage } from '../connection-state.ts'
import type { Pool } from '../pool.ts'
import { makeConnection, makeModel, neutral } from '../testing/scene.ts'
import { sharedId } from './shared-outage.ts'
import { createFleet, type Fleet, type Replica } from './testing/fleet.ts'
import type { Ground } from './testing/ground.ts'
import { Witness } from './testing/witness.ts'

/** Random lives of three replicas whose ways to the store fail at random, in all manners. */

const replicaCount = 3
const connections = [makeConnection('a'), makeConnection('b')]
const models = connections.map((connection) => makeModel([connection]))
const longestTrialMs = 300_000
/** Past the longest pause between two tries to tell, and between two comparisons. */
const quietMs = 15_000
/** Untold extensions, and what the store adds by answering. */
const closeMs = 600

interface Flight {
  readonly since: number
  settle(outcome: AttemptOutcome): void
  answered(): void
}

interface World {
  readonly fleet: Fleet
  readonly ground: Ground
  readonly witness: Witness
  readonly flights: Flight[]
  failures: number
}
type Step = (world: World) => void | Promise<void>
type Command = fc.AsyncCommand<object, World>

function command(label: string, step: Step): Command {
  return {
    check: () => true,
    async run(_, world) {
      await step(world)
      await world.fleet.settle()
      world.witness.expectNoFault()
    },
    toString: () => label,
  }
}

const replicaOf = ({ fleet }: World, pick: number) => fleet.replicas[pick % replicaCount] as Replica
const connectionOf = (pick: number) => connections[pick % connections.length] as Connection
const nowOf = ({ ground }: World) => ground.timers.clock.monotonic()

function takeFlight({ flights }: World, pick: number): Flight | undefined {
  return flights.splice(pick % Math.max(1, flights.length), 1)[0]
}

/** Each failure in words of its own, so that outages can be told apart. */
function worded(world: World, outcome: AttemptOutcome): AttemptOutcome {
  return outcome.kind === 'failure' ? { ...outcome, message: `${world.failures++}` } : outcome
}

const pick = fc.nat(1_000)
const picks = fc.tuple(pick, pick)
const outcome: fc.Arbitrary<AttemptOutcome> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<AttemptOutcome>({ kind: 'success', firstByteMs: 5 }) },
  { weight: 1, arbitrary: fc.constant<AttemptOutcome>(neutral) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('failure' as const),
      message: fc.constant(''),
      reason: fc.constantFrom(...failureReasons),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 400_000 }), { nil: undefined }),
    }),
  },
)

const ask = picks.map(([which, where]) =>
  command(`ask(${which % 2}, ${where % 3})`, (world) => {
    const model = models[which % models.length]
    const choice = model && replicaOf(world, where).acquire(model)
    if (choice?.kind === 'attempt') world.flights.push(Object.assign(choice.attempt, { since: nowOf(world) }))
  }),
)
const settle = fc.tuple(pick, outcome).map(([which, result]) =>
  command(`settle(${which}, ${JSON.stringify(result)})`, (world) => {
    takeFlight(world, which)?.settle(worded(world, result))
  }),
)
const answered = pick.map((which) =>
  command(`answered(${which})`, ({ flights }) => flights[which % Math.max(1, flights.length)]?.answered()),
)
const advance = fc.oneof(fc.nat(300), fc.nat(3_000), fc.nat(40_000), fc.nat(200_000)).map((ms) =>
  command(`advance(${ms})`, async (world) => {
    const now = nowOf(world)
    for (const [index, flight] of [...world.flights.entries()].toReversed()) {
      if (now - flight.since < longestTrialMs) continue
      world.flights.splice(index, 1)
      flight.settle(neutral)
    }
    await world.fleet.advance(ms)
  }),
)
const check = fc.tuple(picks, fc.boolean()).map(([[which, where], passes]) =>
  command(`check(${which % 2}, ${where % 3}, ${passes})`, (world) => {
    const { pool } = replicaOf(world, where)
    if (passes) pool.restore(connectionOf(which))
    else pool.eject(connectionOf(which), 'authentication', `${world.failures++}`)
  }),
)
const cut = pick.map((where) =>
  command(`cut(${where % 3})`, (world) => {
    world.witness.distrust(where % replicaCount)
    replicaOf(world, where).way.cut()
  }),
)
const cutAll = fc.constant(
  command('cut all', (world) => {
    for (const [place, { way }] of world.fleet.replicas.entries()) {
      world.witness.distrust(place)
      way.cut()
    }
  }),
)
const mend = pick.map((where) => command(`mend(${where % 3})`, (world) => replicaOf(world, where).way.mend()))
const breakCalls = fc
  .tuple(pick, fc.constantFrom('before' as const, 'after' as const, null))
  .map(([where, how]) =>
    command(`break(${where % 3}, ${how})`, (world) => {
      world.witness.distrust(where % replicaCount)
      replicaOf(world, where).way.breakCalls(how)
    }),
  )
const deafen = fc.tuple(pick, fc.boolean()).map(([where, isDeaf]) =>
  command(`deafen(${where % 3}, ${isDeaf})`, (world) => {
    world.witness.distrust(where % replicaCount)
    replicaOf(world, where).way.deafen(isDeaf)
  }),
)

function outagesOf({ fleet }: World, connection: Connection): (Out | null)[] {
  return fleet.replicas.map(({ pool }) => outage(pool.entry(connection).state))
}

/** Everything works again and nothing happens for a while: nothing was lost, and all know the same. */
async function expectAgreement(world: World): Promise<void> {
  const { fleet, witness } = world
  for (const flight of world.flights.splice(0)) flight.settle(neutral)
  await fleet.settle()
  const before = connections.map((connection) => outagesOf(world, connection))
  for (const { way } of fleet.replicas) {
    way.breakCalls(null)
    way.deafen(false)
    if (!way.store.up()) way.mend()
  }
  await fleet.settle()
  await fleet.advance(quietMs)
  witness.expectNoFault()
  const [first] = fleet.replicas
  const standing = await first?.way.store.pool.outages()
  const now = nowOf(world)
  for (const [index, connection] of connections.entries()) {
    const outs = outagesOf(world, connection)
    const isOut = outs[0] !== null
    expect(outs.map((out) => out !== null)).toEqual(outs.map(() => isOut))
    expect(standing?.has(sharedId(connection))).toBe(isOut)
    const running = (before[index] ?? []).filter(
      (known) => known !== null && known.until > now && !witness.isRecovered(connection.id, known),
    )
    if (running.length > 0) expect(isOut, `${running[0]?.message} was lost`).toBe(true)
    const ends = outs.map((out) => Math.max(now, out?.until ?? now))
    expect(Math.max(...ends) - Math.min(...ends)).toBeLessThan(closeMs)
    for (const known of running) expect(Math.min(...ends)).toBeGreaterThan((known?.until ?? now) - closeMs)
  }
}

async function live(ground: Ground, commands: Iterable<Command>): Promise<void> {
  const flights: Flight[] = []
  /** What probes do with a trial that no request uses. */
  const onUnusedTrial = (connection: Connection, pool: Pool) => {
    const entry = pool.entry(connection)
    const since = ground.timers.clock.monotonic()
    if (flights.length > 5 || !awaitsTrial(entry.state, since)) return false
    flights.push(Object.assign(pool.acquire(entry), { since }))
    return true
  }
  const stores = await ground.open(replicaCount)
  const fleet = await createFleet({ stores, timers: ground.timers, connections, onUnusedTrial })
  const world = { fleet, ground, witness: new Witness(fleet), flights, failures: 0 }
  try {
    await fc.asyncModelRun(() => ({ model: {}, real: world }), commands)
    await expectAgreement(world)
  } finally {
    await fleet.close()
    await ground.leave()
  }
}

/** What three replicas on any store must do; `runs` lives of up to 100 steps each. */
export function fleetFaultsTest(openGround: () => Promise<Ground>, runs: number): void {
  it('keeps its promises whatever fails, and agrees once nothing does', async () => {
    const ground = await openGround()
    const commands = fc.commands(
      [ask, ask, ask, ask, settle, settle, settle, answered, advance, advance, check]
        .map((one) => one as fc.Arbitrary<Command>)
        .concat([cut, mend, mend, cutAll, breakCalls, deafen]),
      { maxCommands: 100, size: 'max' },
    )
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
