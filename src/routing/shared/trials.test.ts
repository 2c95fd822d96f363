import { afterEach, describe, expect, it } from 'vitest'
import type { Connection } from '../../core/entities.ts'
import { failure, makeConnection, neutral, success } from '../testing/scene.ts'
import type { FleetOptions } from './testing/fleet.ts'
import { connection, model, openThree } from './testing/three-replicas.ts'

let opened: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of opened) await close()
  opened = []
})

async function open(options: Partial<FleetOptions> = {}) {
  const three = await openThree(options)
  opened.push(three.close)
  return three
}

describe('a trial', () => {
  it('is one request of 300 in the whole fleet, and its success is everybody’s', async () => {
    const { first, fail, ask, advance, settle, states } = await open()
    await fail(first, 'rate_limit', 10_000)
    await advance(9_900)
    expect(ask(3)).toEqual([])
    await advance(100)
    const attempts = ask(300)
    expect(attempts).toHaveLength(1)
    attempts[0]?.settle(success)
    await settle()
    expect(states()).toEqual(['ready', 'ready', 'ready'])
    expect(ask(300)).toHaveLength(300)
  })

  it('that fails keeps it out everywhere, for longer', async () => {
    const { first, second, fail, ask, advance, settle, states } = await open()
    await fail(first, 'permission')
    await advance(30_000)
    const [attempt] = ask(3)
    attempt?.settle(failure('permission'))
    await settle()
    expect(states()).toEqual(['unhealthy', 'unhealthy', 'unhealthy'])
    await advance(59_000)
    expect(second.router.status(connection)).toMatchObject({ state: 'unhealthy', ejections: 2 })
    expect(ask(30)).toEqual([])
    await advance(1_000)
    expect(ask(30)).toHaveLength(1)
  })

  it('that decides nothing leaves the next request to decide, at once', async () => {
    const { first, fail, ask, advance, settle } = await open()
    await fail(first, 'permission')
    await advance(30_000)
    for (let round = 0; round < 5; round++) {
      const attempts = ask(30)
      expect(attempts).toHaveLength(1)
      attempts[0]?.settle(neutral)
      await settle()
    }
  })

  it('goes to the replica whose clients were told to come back', async () => {
    const { first, second, fail, ask, advance } = await open()
    await fail(first, 'rate_limit', 10_000)
    expect(second.acquire(model)).toMatchObject({ kind: 'none', error: { retryAfterMs: 10_000 } })
    await advance(10_000)
    expect(ask(1, [first])).toEqual([])
    expect(ask(1, [second])).toHaveLength(1)
  })

  it('stays with who told of it where others had nothing left to offer, and told nobody', async () => {
    const { first, second, fail, ask, advance } = await open()
    await fail(first, 'rate_limit', 10_000)
    expect(ask(1, [second])).toEqual([])
    await advance(10_000)
    expect(ask(1, [second])).toEqual([])
    expect(ask(1, [first])).toHaveLength(1)
  })

  it('passes on after 2 s without use, to a replica that is asked for it and says so truly', async () => {
    const { first, second, fail, advance } = await open()
    await fail(first, 'rate_limit', 10_000)
    await advance(11_000)
    let waits = 0
    for (; waits < 4; waits++) {
      const choice = second.acquire(model)
      if (choice.kind === 'attempt') break
      await advance(Math.ceil((choice.error.retryAfterMs ?? 0) / 1_000) * 1_000)
    }
    expect(waits).toBe(2)
  })

  it('is lost with the replica that has it, for no more than 10 s', async () => {
    const { first, second, third, fail, ask, advance } = await open()
    await fail(first, 'rate_limit', 10_000)
    await advance(10_000)
    expect(ask(1, [first])).toHaveLength(1)
    first.way.cut()
    for (let second_ = 0; second_ < 9; second_++) {
      expect(ask(2, [second, third])).toEqual([])
      await advance(1_000)
    }
    await advance(2_000)
    expect(ask(2, [second, third])).toHaveLength(1)
  })

  it('in flight for minutes stays the only one', async () => {
    const { first, fail, ask, advance } = await open()
    await fail(first, 'rate_limit', 10_000)
    await advance(10_000)
    expect(ask(1, [first])).toHaveLength(1)
    for (let round = 0; round < 60; round++) {
      await advance(1_000)
      expect(ask(30)).toEqual([])
    }
  })

  it('of what all are out for is a last resort, one request at a time', async () => {
    const { first, second, third, fail, ask, settle, advance } = await open()
    for (let index = 0; index < 3; index++) await fail(first, 'network')
    expect(ask(30, [second, third])).toEqual([])
    await settle()
    const attempts = ask(30, [second, third])
    expect(attempts).toHaveLength(1)
    attempts[0]?.settle(failure('network'))
    await settle()
    expect(ask(30)).toEqual([])
    await advance(500)
    expect(ask(30)).toHaveLength(1)
  })

  it('that nobody uses is lent to who asks for none, once, by one replica', async () => {
    const lent: Connection[] = []
    const { first, fail, advance, settle, states } = await open({
      onUnusedTrial(one, pool) {
        lent.push(one)
        const hold = pool.acquire(pool.entry(one))
        void Promise.resolve().then(() => hold.settle(success))
        return true
      },
    })
    await fail(first, 'permission')
    await advance(31_900)
    expect(lent).toEqual([])
    await advance(200)
    await settle()
    expect(lent).toEqual([connection])
    expect(states()).toEqual(['ready', 'ready', 'ready'])
  })

  it('that nobody uses is offered again by somebody, though the replica that told it is gone', async () => {
    const lent: number[] = []
    const { first, fail, advance, timers } = await open({
      random: () => 0.7,
      onUnusedTrial: () => lent.push(timers.clock.monotonic()) > 1e9,
    })
    await fail(first, 'rate_limit', 10_000)
    first.way.cut()
    await advance(60_000)
    expect(lent.length).toBeGreaterThan(0)
    await advance(240_000)
    expect(lent.length).toBeGreaterThan(2)
    expect(lent.length).toBeLessThan(20)
  })
})

describe('thousands of connections that are out', () => {
  const many = Array.from({ length: 3_000 }, (_, index) => makeConnection(`c${index}`))
  const outage = async (options: Partial<FleetOptions> = {}) => {
    const fleet = await open({ connections: many, ...options })
    for (const one of many) fleet.first.pool.eject(one, 'permission', 'no')
    await fleet.settle()
    await fleet.advance(2_000)
    return fleet
  }

  it('are all told and heard of', async () => {
    const { second } = await outage()
    expect(many.filter((one) => second.router.status(one).state !== 'unhealthy')).toEqual([])
    expect(second.way.calls('eject')).toBe(0)
  })

  it('cost the store no more leases in a second than there may be, though all are wanted everywhere', async () => {
    const { replicas, advance } = await outage()
    await advance(28_000)
    const before = replicas.map(({ way }) => way.calls('take'))
    for (let round = 0; round < 10; round++) {
      for (const { pool } of replicas) for (const one of many) pool.mayTry(pool.entry(one))
      await advance(1_000)
    }
    const taken = replicas.map(({ way }, index) => way.calls('take') - (before[index] ?? 0))
    for (const takes of taken) {
      expect(takes).toBeGreaterThan(900)
      expect(takes).toBeLessThanOrEqual(1_100)
    }
  })

  it('are only looked at, seldom, where nobody asks for them', async () => {
    const { replicas, advance } = await outage({ onUnusedTrial: () => false })
    await advance(60_000)
    const before = replicas.map(({ way }) => way.calls('take'))
    await advance(60_000)
    for (const [index, { way }] of replicas.entries()) {
      expect(way.calls('take') - (before[index] ?? 0)).toBeLessThanOrEqual(8 * 60 + 8)
    }
  })
})
