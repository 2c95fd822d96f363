import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type AttemptOutcome, failureReasons } from '../core/failure.ts'
import { type Attempt, type Choice } from './router.ts'
import { createScene, makeConnection, makeModel, type Scene } from './testing/scene.ts'

/**
 * The pool against a second telling of design §7: flat records, every event kept, everything found by searching them.
 * Dice are fixed, so that times can be compared; jitter has its own tests.
 */

const trialMs = 90_000
const connections = [
  makeConnection('a', { priority: 0 }),
  makeConnection('b', { priority: 0 }),
  makeConnection('c', { priority: 1 }),
  makeConnection('d', { priority: 2 }),
]
const model = makeModel(connections, 'least_busy')

interface Reference {
  name: string
  tier: number
  /** Ms; null: in the pool. */
  outUntil: number | null
  why: string
  ejections: number
  trialOf: number | null
  trialLapses: number
  flying: number
  /** Since the last return: [ms, was it a fault]. */
  seen: [number, boolean][]
}

interface World {
  now: number
  pool: Reference[]
  attempts: Map<number, string>
  nextAttempt: number
}

const isFault = (why: string) => ['provider_down', 'network', 'timeout'].includes(why)
const isLimit = (why: string) => ['rate_limit', 'quota'].includes(why)
const isUnhealthy = (why: string) => !isFault(why) && !isLimit(why)
const isIn = (one: Reference) => one.outUntil === null
const held = (one: Reference, now: number) => one.trialOf !== null && one.trialLapses > now
const ended = (one: Reference, now: number) =>
  one.outUntil !== null && (one.trialOf === null ? one.outUntil <= now : !held(one, now))

function penalty(why: string, ejections: number, hintMs: number | undefined): number {
  const hint = hintMs === undefined ? null : Math.min(600_000, Math.max(1_000, hintMs))
  if (isLimit(why) && hint !== null) return hint
  if (why === 'quota') return 600_000
  let ms = why === 'rate_limit' ? 5_000 : 30_000
  for (let doubled = 1; doubled < ejections && ms < 300_000; doubled++) ms *= 2
  return Math.max(Math.min(300_000, ms), hint ?? 0)
}

/** Whether the faults seen so far are one too many. */
function tooMany(one: Reference, now: number): boolean {
  if (one.seen.length >= 3 && one.seen.slice(-3).every(([, bad]) => bad)) return true
  const recent = one.seen.filter(([at]) => Math.floor(at / 5_000) > Math.floor(now / 5_000) - 12)
  return recent.length >= 10 && recent.filter(([, bad]) => bad).length * 2 > recent.length
}

function finish(world: World, attempt: number, outcome: AttemptOutcome): void {
  const one = world.pool.find(({ name }) => name === world.attempts.get(attempt)) as Reference
  const now = world.now
  const decides = one.trialOf === attempt
  world.attempts.delete(attempt)
  one.flying--
  if (outcome.kind === 'neutral') {
    if (decides) one.trialOf = null
    return
  }
  if (outcome.kind === 'success') {
    if (decides) Object.assign(one, { outUntil: null, trialOf: null, seen: [] })
    else if (isIn(one)) one.seen.push([now, false])
    if (isIn(one)) one.ejections = 0
    return
  }
  const { reason, retryAfterMs } = outcome
  if (!decides && one.trialOf !== null) return
  if (!decides && isFault(reason)) {
    if (!isIn(one)) return
    one.seen.push([now, true])
    if (!tooMany(one, now)) return
  }
  if (isIn(one) || decides) one.ejections++
  const until = now + penalty(reason, one.ejections, retryAfterMs)
  if (one.outUntil === null || until > one.outUntil) Object.assign(one, { outUntil: until, why: reason })
  Object.assign(one, { trialOf: null, seen: [] })
}

/** Who may be chosen; among several the policy decides. */
function choosable(world: World, tried: ReadonlySet<string>): Reference[] {
  const now = world.now
  const left = world.pool.filter(({ name }) => !tried.has(`id-${name}`))
  const hasMetOneOut = world.pool.some((one) => tried.has(`id-${one.name}`) && !isIn(one))
  const tiers = [0, 1, 2].map((tier) => left.filter((one) => one.tier === tier))
  const due = tiers.map((tier) => tier.filter((one) => ended(one, now)).slice(0, 1))
  const open = tiers.map((tier) => tier.filter(isIn))
  const order = hasMetOneOut
    ? [...open, ...due]
    : [0, 1, 2].flatMap((tier) => [due[tier] ?? [], open[tier] ?? []])
  const first = order.find((group) => group.length > 0)
  if (first !== undefined) return first
  const allDown = world.pool.every(
    (one) => one.outUntil !== null && one.outUntil > now && one.trialOf === null && isFault(one.why),
  )
  return allDown ? left.toSorted((one, other) => (one.outUntil ?? 0) - (other.outUntil ?? 0)).slice(0, 1) : []
}

function expectedError(world: World, tried: ReadonlySet<string>): { code: string; retryAfterMs: number } {
  const now = world.now
  const left = world.pool.filter(({ name }) => !tried.has(`id-${name}`))
  const waits = (left.length > 0 ? left : world.pool).map((one) => {
    if (isIn(one) || ended(one, now)) return 0
    return one.trialOf !== null ? 1_000 : (one.outUntil ?? 0) - now
  })
  const isLimited = left.length > 0 && left.every((one) => !isIn(one) && isLimit(one.why))
  return {
    code: isLimited ? 'rate_limit_exceeded' : 'no_healthy_connection',
    retryAfterMs: Math.max(1, Math.ceil(Math.min(...waits))),
  }
}

interface Real extends Scene {
  readonly attempts: Map<number, Attempt>
}
type Command = fc.Command<World, Real>

function command(label: string, step: (world: World, real: Real) => void): Command {
  return {
    check: () => true,
    run(world, real) {
      step(world, real)
      expectSameStates(world, real)
    },
    toString: () => label,
  }
}

function expectSameStates(world: World, { router, clock }: Real): void {
  const now = world.now
  for (const [index, one] of world.pool.entries()) {
    const status = router.status(connections[index] ?? makeConnection('none'))
    const isOver = one.outUntil !== null && one.outUntil <= now
    const out = isUnhealthy(one.why) ? 'unhealthy' : 'cooling'
    expect(status).toMatchObject({
      state: isIn(one) ? 'ready' : one.trialOf !== null || isOver ? 'trial' : out,
      reason: isIn(one) ? null : one.why,
      ejections: one.ejections,
      inFlight: one.flying,
    })
    const until = isIn(one) || isOver ? null : clock.now() + (one.outUntil ?? 0) - now
    expect(status.until).toBe(until)
  }
}

function acquired(world: World, real: Real, choice: Choice, tried: ReadonlySet<string>): void {
  const names = choosable(world, tried).map(({ name }) => name)
  if (choice.kind === 'none') {
    expect(names).toEqual([])
    expect(choice.error).toMatchObject(expectedError(world, tried))
    return
  }
  const { name } = choice.attempt.connection
  expect(names).toContain(name)
  const one = world.pool.find((reference) => reference.name === name) as Reference
  const id = world.nextAttempt++
  if (!isIn(one)) Object.assign(one, { trialOf: id, trialLapses: world.now + trialMs })
  one.flying++
  world.attempts.set(id, name)
  real.attempts.set(id, choice.attempt)
}

/** One of the attempts in flight, the same in both worlds. */
function withAttempt(
  world: World,
  real: Real,
  pick: number,
  step: (id: number, attempt: Attempt) => void,
): void {
  const ids = [...world.attempts.keys()]
  const id = ids[pick % ids.length]
  const attempt = id === undefined ? undefined : real.attempts.get(id)
  if (id !== undefined && attempt !== undefined) step(id, attempt)
}

const hint = fc.option(fc.integer({ min: 0, max: 700_000 }), { nil: undefined })
const outcome: fc.Arbitrary<AttemptOutcome> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<AttemptOutcome>({ kind: 'success', firstByteMs: 5 }) },
  { weight: 1, arbitrary: fc.constant<AttemptOutcome>({ kind: 'neutral' }) },
  {
    weight: 6,
    arbitrary: fc
      .record({ reason: fc.constantFrom('network' as const, ...failureReasons), retryAfterMs: hint })
      .map((failed): AttemptOutcome => ({ kind: 'failure', message: 'it failed', ...failed })),
  },
)
const pause = fc.oneof(fc.nat(3_000), fc.nat(40_000), fc.nat(700_000))
const pick = fc.nat(1_000)
const triedIds = fc.subarray(
  connections.map(({ id }) => id),
  { maxLength: 3 },
)

const acquire = triedIds.map((ids) =>
  command(`acquire(tried ${ids.join() || 'none'})`, (world, real) => {
    const tried = new Set(ids)
    acquired(world, real, real.acquire(model, { tried }), tried)
  }),
)
const settle = fc.tuple(pick, outcome, outcome).map(([which, first, again]) =>
  command(`settle(${which}, ${JSON.stringify(first)})`, (world, real) =>
    withAttempt(world, real, which, (id, attempt) => {
      attempt.settle(first)
      attempt.settle(again)
      attempt.answered()
      finish(world, id, first)
    }),
  ),
)
const answered = pick.map((which) =>
  command(`answered(${which})`, (world, real) =>
    withAttempt(world, real, which, (id, attempt) => {
      attempt.answered()
      const one = world.pool.find(({ trialOf }) => trialOf === id)
      if (one !== undefined) Object.assign(one, { outUntil: null, trialOf: null, seen: [] })
    }),
  ),
)
const advance = pause.map((ms) =>
  command(`advance(${ms} ms)`, (world, real) => {
    real.clock.advance(ms)
    world.now = real.clock.monotonic()
  }),
)
const restore = pick.map((which) =>
  command(`restore(${which})`, (world, real) => {
    const index = which % connections.length
    real.pool.restore(connections[index] ?? makeConnection('none'))
    const one = world.pool[index] as Reference
    if (!isIn(one)) one.seen = []
    Object.assign(one, { outUntil: null, trialOf: null, ejections: 0 })
  }),
)
const noise = pick.map((which) =>
  command(`fail thrice(${which})`, (world, real) => {
    for (let round = 0; round < 3; round++) {
      const tried = new Set(connections.filter((_, index) => index !== which % 4).map(({ id }) => id))
      const before = world.nextAttempt
      acquired(world, real, real.acquire(model, { tried }), tried)
      const attempt = real.attempts.get(before)
      if (attempt === undefined) return
      const failed = { kind: 'failure', reason: 'network', message: 'lost' } as const
      attempt.settle(failed)
      finish(world, before, failed)
    }
  }),
)

it('does as the reference does, whatever happens in whatever order', () => {
  const commands = fc.commands([acquire, acquire, settle, settle, answered, advance, noise, restore], {
    maxCommands: 150,
    size: 'max',
  })
  fc.assert(
    fc.property(commands, (steps) => {
      fc.modelRun(() => {
        const scene = createScene({ trialMs })
        const real: Real = { ...scene, attempts: new Map() }
        const world: World = {
          now: 0,
          pool: connections.map(({ name, priority }) => ({
            name,
            tier: priority,
            outUntil: null,
            why: '',
            ejections: 0,
            trialOf: null,
            trialLapses: 0,
            flying: 0,
            seen: [],
          })),
          attempts: new Map(),
          nextAttempt: 0,
        }
        return { model: world, real }
      }, steps)
    }),
    { numRuns: 6000 },
  )
})
