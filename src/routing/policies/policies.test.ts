import { describe, expect, it } from 'vitest'
import type { Connection, Policy } from '../../core/entities.ts'
import type { Slot } from '../plan.ts'
import { createManualClock } from '../testing/manual-clock.ts'
import { createScene, makeConnection, makeModel, neutral, seededRandom } from '../testing/scene.ts'
import { pickByAffinity } from './affinity.ts'
import { hashText } from './hash.ts'
import type { PolicyContext } from './policy.ts'
import { pickWeighted } from './weighted.ts'

const context = (change: Partial<PolicyContext> = {}): PolicyContext => ({
  now: 0,
  affinityKey: null,
  random: seededRandom(),
  ...change,
})

function slotsOf(weights: readonly number[]): Slot[] {
  const { pool } = createScene()
  return weights.map((weight, index) => {
    const connection = makeConnection(`c${index}`, { weight })
    return { connection, entry: pool.entry(connection), hash: hashText(connection.id) }
  })
}

function counts(rounds: number, pick: (round: number) => string): Record<string, number> {
  const counted: Record<string, number> = {}
  for (let round = 0; round < rounds; round++) {
    const name = pick(round)
    counted[name] = (counted[name] ?? 0) + 1
  }
  return counted
}

const nameOf = ({ connection }: Slot) => connection.name

/** Within five standard deviations of a share of the rounds. */
function expectShare(counted: number | undefined, rounds: number, share: number): void {
  const deviation = Math.sqrt(rounds * share * (1 - share))
  expect(Math.abs((counted ?? 0) - rounds * share)).toBeLessThan(5 * deviation)
}

describe('weighted', () => {
  const rounds = 20_000

  it('shares by weight', () => {
    const slots = slotsOf([5, 3, 2])
    const dice = context()
    const counted = counts(rounds, () => nameOf(pickWeighted(slots, dice)))
    for (const [index, share] of [0.5, 0.3, 0.2].entries()) expectShare(counted[`c${index}`], rounds, share)
  })

  it('draws what comes second without the first, by weight again', () => {
    const slots = slotsOf([5, 3, 2])
    const dice = context()
    const counted = counts(rounds, () => {
      const first = pickWeighted(slots, dice)
      return nameOf(
        pickWeighted(
          slots.filter((slot) => slot !== first),
          dice,
        ),
      )
    })
    // P(c0 second) = 0.3 · 5/7 + 0.2 · 5/8
    expectShare(counted['c0'], rounds, 0.3 * (5 / 7) + 0.2 * (5 / 8))
    expectShare(counted['c1'], rounds, 0.5 * (3 / 5) + 0.2 * (3 / 8))
  })

  it('stays within the list at either end of the dice', () => {
    const slots = slotsOf([0.1, 0.2, 0.3])
    expect(nameOf(pickWeighted(slots, context({ random: () => 0 })))).toBe('c0')
    expect(nameOf(pickWeighted(slots, context({ random: () => 1 - Number.EPSILON / 2 })))).toBe('c2')
  })
})

/** Requests that begin and stay, as a model with that policy sends them. */
function sceneFor(policy: Policy, connections: readonly Connection[]) {
  const clock = createManualClock()
  const scene = createScene({ random: seededRandom(), clock })
  const model = makeModel(connections, policy)
  const begin = () => {
    const choice = scene.acquire(model)
    if (choice.kind === 'none') throw choice.error
    return choice.attempt
  }
  return { ...scene, begin }
}

describe('least busy', () => {
  it('fills up in proportion to the weights', () => {
    const connections = [1, 2, 5].map((weight, index) => makeConnection(`c${index}`, { weight }))
    const { begin } = sceneFor('least_busy', connections)
    expect(counts(80, () => begin().connection.name)).toEqual({ c0: 10, c1: 20, c2: 50 })
  })

  it('goes where a request has just ended', () => {
    const { begin } = sceneFor('least_busy', [makeConnection('c0'), makeConnection('c1')])
    const attempts = Array.from({ length: 10 }, begin)
    for (const name of ['c1', 'c0', 'c1']) {
      attempts.find(({ connection }) => connection.name === name)?.settle(neutral)
      expect(begin().connection.name).toBe(name)
      attempts.splice(
        attempts.findIndex(({ connection }) => connection.name === name),
        1,
      )
    }
  })

  it('breaks ties by weight', () => {
    const connections = [3, 1].map((weight, index) => makeConnection(`c${index}`, { weight }))
    const { begin } = sceneFor('least_busy', connections)
    const rounds = 4_000
    const counted = counts(rounds, () => {
      const attempt = begin()
      attempt.settle(neutral)
      return attempt.connection.name
    })
    expectShare(counted['c0'], rounds, 0.75)
  })
})

describe('lowest latency', () => {
  const names = ['slow', 'fast', 'middling']

  function known() {
    const firstByteMs: Record<string, number> = { slow: 2_000, fast: 100, middling: 400 }
    const scene = sceneFor(
      'lowest_latency',
      names.map((name) => makeConnection(name)),
    )
    const serve = () => {
      const attempt = scene.begin()
      const { name } = attempt.connection
      attempt.settle({ kind: 'success', firstByteMs: firstByteMs[name] ?? 0 })
      return name
    }
    return { ...scene, serve, firstByteMs }
  }

  it('asks each once, then the fastest', () => {
    const { serve } = known()
    expect(new Set([serve(), serve(), serve()])).toEqual(new Set(names))
    expect(counts(50, serve)).toEqual({ fast: 50 })
  })

  it('sends one request of a burst to each that is unknown, the rest to what is known', () => {
    const { begin, serve } = known()
    expect(serve()).toBeTypeOf('string')
    const counted = counts(30, () => begin().connection.name)
    expect(Object.values(counted).toSorted((one, other) => one - other)).toEqual([1, 1, 28])
  })

  it('spreads a burst while nothing is known', () => {
    const { begin } = known()
    const counted = counts(300, () => begin().connection.name)
    for (const name of names) expectShare(counted[name], 300, 1 / 3)
  })

  it('asks one that was slow again after a while, and stays where it has become the fastest', () => {
    const { serve, clock, firstByteMs } = known()
    for (const _ of names) serve()
    const minute = () => {
      clock.advance(60_000)
      return [serve(), serve()]
    }
    // 2 s halved each minute is more than 100 ms for four minutes.
    const before = [1, 2, 3, 4].flatMap(minute)
    expect(before).not.toContain('slow')
    firstByteMs['slow'] = 10
    const after = [1, 2, 3, 4, 5, 6, 7, 8].flatMap(minute)
    expect(after).toContain('slow')
    expect(counts(10, serve)).toEqual({ slow: 10 })
  })

  it('sends one request of a burst to each that was not asked of late', () => {
    const { serve, begin, clock } = known()
    for (const _ of names) serve()
    clock.advance(600_000)
    expect(serve()).toBe('fast')
    expect(counts(100, () => begin().connection.name)).toEqual({ middling: 1, slow: 1, fast: 98 })
  })
})

describe('affinity', () => {
  const rounds = 10_000
  const choose = (slots: readonly Slot[], round: number) =>
    nameOf(pickByAffinity(slots, context({ affinityKey: `conversation ${round}` })))

  it('keeps a conversation where it is', () => {
    const slots = slotsOf([1, 1, 1, 1])
    for (let round = 0; round < 100; round++) {
      expect(choose(slots, round)).toBe(choose(slots.toReversed(), round))
    }
  })

  it('shares the conversations by weight', () => {
    const slots = slotsOf([5, 3, 1, 1])
    const counted = counts(rounds, (round) => choose(slots, round))
    for (const [index, share] of [0.5, 0.3, 0.1, 0.1].entries())
      expectShare(counted[`c${index}`], rounds, share)
  })

  it('moves only the conversations of a connection that leaves, to all the others', () => {
    const slots = slotsOf([1, 1, 1, 1, 1])
    const left = slots.slice(1)
    const moved: Record<string, number> = {}
    for (let round = 0; round < rounds; round++) {
      const before = choose(slots, round)
      const after = choose(left, round)
      if (before === 'c0') moved[after] = (moved[after] ?? 0) + 1
      expect(after === before).toBe(before !== 'c0')
    }
    const total = Object.values(moved).reduce((sum, count) => sum + count, 0)
    expectShare(total, rounds, 0.2)
    for (const name of ['c1', 'c2', 'c3', 'c4']) expectShare(moved[name], total, 0.25)
  })

  it('draws by weight where nothing is known of the conversation', () => {
    const slots = slotsOf([3, 1])
    const dice = context()
    expectShare(counts(rounds, () => nameOf(pickByAffinity(slots, dice)))['c0'], rounds, 0.75)
  })
})
