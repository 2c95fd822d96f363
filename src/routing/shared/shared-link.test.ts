import { afterEach, describe, expect, it } from 'vitest'
import type { Store } from '../../store/contract.ts'
import { failure, success, tryOn } from '../testing/scene.ts'
import { sharedId } from './shared-outage.ts'
import { createFleet, type Fleet, type FleetOptions } from './testing/fleet.ts'
import { connection, openThree } from './testing/three-replicas.ts'

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

describe('an outage', () => {
  it('is known to all at once, with all that is known of it', async () => {
    const { first, second, third, fail, timers } = await open()
    await fail(first, 'permission')
    for (const { router } of [first, second, third]) {
      expect(router.status(connection)).toEqual({
        state: 'unhealthy',
        reason: 'permission',
        message: 'it said permission',
        until: timers.clock.now() + 30_000,
        ejections: 1,
        lastSuccess: null,
        lastFailure: router === first.router ? timers.clock.now() : null,
        latencyMs: null,
        inFlight: 0,
      })
    }
  })

  it('is told anew where it is extended, but not for every moment', async () => {
    const { first, second, advance, settle, timers } = await open()
    const holds = Array.from({ length: 20 }, () => first.pool.acquire(first.pool.entry(connection)))
    for (const hold of holds.slice(1)) {
      hold.settle(failure('rate_limit', 5_000))
      await advance(10)
    }
    expect(first.way.calls('eject')).toBe(1)
    holds[0]?.settle(failure('rate_limit', 60_000))
    await settle()
    expect(second.router.status(connection).until).toBe(timers.clock.now() + 60_000)
  })

  it('that ended is ended for all, by a check too', async () => {
    const { first, second, fail, states, settle } = await open()
    await fail(first, 'authentication')
    second.pool.restore(connection)
    await settle()
    expect(states()).toEqual(['ready', 'ready', 'ready'])
  })

  it('awaits its trial with a replica that comes later', async () => {
    const { first, fail, timers, stores } = await open()
    await fail(first, 'rate_limit', 5_000)
    await first.link.close()
    await timers.advance(5_000, async () => {})
    const late = await createFleet({
      stores: stores.slice(0, 1),
      timers,
      connections: [connection],
      number: 3,
    })
    opened.unshift(late.close)
    expect(late.replicas[0]?.router.status(connection)).toMatchObject({ state: 'trial', ejections: 1 })
  })

  it('of another key is none of ours, and stands in nobody’s way', async () => {
    const { first, second, states, fail, settle, advance } = await open()
    await fail(first, 'quota')
    const rotated = { ...connection, credential: { ...connection.credential, version: '2' } }
    for (const { pool } of [first, second]) pool.retain([rotated])
    await advance(6_000)
    expect(states(rotated)).toEqual(['ready', 'ready', 'cooling'])
    tryOn(second.pool, rotated, failure('rate_limit', 2_000))
    await settle()
    expect(first.router.status(rotated)).toMatchObject({ state: 'cooling', reason: 'rate_limit' })
  })

  it('is heard of again where the news of it was missed, and so is its end', async () => {
    const { first, second, third, fail, states, advance, settle } = await open()
    third.way.breakCalls('before')
    third.way.deafen(true)
    await fail(first, 'quota')
    expect(states()).toEqual(['cooling', 'cooling', 'ready'])
    third.way.breakCalls(null)
    await advance(6_000)
    expect(states()).toEqual(['cooling', 'cooling', 'cooling'])
    second.pool.restore(connection)
    await settle()
    expect(states()).toEqual(['ready', 'ready', 'cooling'])
    await advance(6_000)
    expect(states()).toEqual(['ready', 'ready', 'ready'])
  })

  it('is told until the store has it, though its calls fail', async () => {
    const { first, second, fail, advance } = await open()
    first.way.breakCalls('before')
    await fail(first, 'quota')
    await advance(4_000)
    expect(second.router.status(connection).state).toBe('ready')
    expect(first.way.calls('eject')).toBeLessThan(8)
    first.way.breakCalls(null)
    await advance(6_000)
    expect(second.router.status(connection).state).toBe('cooling')
  })

  it('that ended before its telling was answered does not come back', async () => {
    const { first, fail, states, advance } = await open()
    first.way.breakCalls('after')
    await fail(first, 'quota')
    expect(states()).toEqual(['cooling', 'cooling', 'cooling'])
    first.pool.restore(connection)
    await advance(1_000)
    first.way.breakCalls(null)
    await advance(6_000)
    expect(states()).toEqual(['ready', 'ready', 'ready'])
  })

  it('is not ended by the late news of an earlier one’s end, nor begun by its own', async () => {
    const { first, stores, fail, states } = await open()
    await fail(first, 'quota')
    const [[connectionId, outage] = ['', null]] = (await stores[0]?.pool.outages()) ?? []
    const sequence = outage?.sequence ?? 0
    first.way.tell({ connectionId, outage: null, sequence: sequence - 1 })
    expect(states()).toEqual(['cooling', 'cooling', 'cooling'])
    first.way.tell({ connectionId, outage: null, sequence })
    first.way.tell({ connectionId, outage, sequence })
    expect(states()).toEqual(['ready', 'cooling', 'cooling'])
  })

  it('in words that nobody knows is ignored', async () => {
    const { stores, states, settle, advance } = await open()
    const shared = sharedId(connection)
    for (const json of ['{', 'null', '{"kind":"melted"}', '{"kind":"cooling","reason":"moon"}']) {
      await stores[0]?.pool.eject(shared, { remainingMs: 1e6, json })
    }
    await settle()
    await advance(6_000)
    expect(states()).toEqual(['ready', 'ready', 'ready'])
  })
})

describe('a store that is down', () => {
  const cutAll = ({ replicas }: Fleet) => {
    for (const { way } of replicas) way.cut()
  }
  const mendAll = ({ replicas }: Fleet) => {
    for (const { way } of replicas) way.mend()
  }

  it('leaves every replica to itself, and asks nothing of it', async () => {
    const fleet = await open()
    const { first, second, fail, states, ask, advance, replicas } = fleet
    await fail(second, 'quota', 8_000)
    cutAll(fleet)
    const before = replicas.map(({ way }) => way.calls())
    await fail(first, 'rate_limit', 20_000)
    expect(states()).toEqual(['cooling', 'cooling', 'cooling'])
    await advance(8_000)
    expect(ask(30)).toHaveLength(2)
    await advance(60_000)
    expect(replicas.map(({ way }) => way.calls())).toEqual(before)
  })

  it('and returns: the longer cooldown is kept, everywhere', async () => {
    const fleet = await open()
    const { first, second, fail, states, settle, replicas, timers } = fleet
    cutAll(fleet)
    await fail(first, 'rate_limit', 20_000)
    await fail(second, 'quota', 90_000)
    expect(states()).toEqual(['cooling', 'cooling', 'ready'])
    mendAll(fleet)
    await settle()
    for (const { router } of replicas) {
      expect(router.status(connection)).toMatchObject({
        reason: 'quota',
        until: timers.clock.now() + 90_000,
      })
    }
  })

  it('and returns: what was won meanwhile is won for all', async () => {
    const fleet = await open()
    const { first, fail, ask, states, settle, advance } = fleet
    await fail(first, 'rate_limit', 10_000)
    cutAll(fleet)
    await advance(10_000)
    for (const attempt of ask(1, [first])) attempt.settle(success)
    expect(states()).toEqual(['ready', 'trial', 'trial'])
    mendAll(fleet)
    await settle()
    expect(states()).toEqual(['ready', 'ready', 'ready'])
  })

  it('and returns with nothing in it: what still runs is told again', async () => {
    const fleet = await open()
    const { first, stores, fail, states, settle, advance } = fleet
    const [{ pool }] = stores as [Store]
    await fail(first, 'quota', 90_000)
    cutAll(fleet)
    for (const [id, { sequence }] of await pool.outages()) await pool.restore(id, sequence)
    mendAll(fleet)
    await settle()
    expect(states()).toEqual(['cooling', 'cooling', 'cooling'])
    expect((await pool.outages()).size).toBe(1)
    await advance(6_000)
    expect(states()).toEqual(['cooling', 'cooling', 'cooling'])
  })
})

describe('a closed link', () => {
  it('asks nothing more of the store, and has given its lease back', async () => {
    const { first, second, fail, ask, advance, settle } = await open()
    await fail(first, 'rate_limit', 10_000)
    await advance(10_000)
    await first.link.close()
    const before = first.way.calls()
    expect(ask(1, [second])).toEqual([])
    await settle()
    expect(ask(1, [second])).toHaveLength(1)
    tryOn(first.pool, connection, failure('quota'))
    await advance(60_000)
    expect(first.way.calls()).toBe(before)
  })
})
