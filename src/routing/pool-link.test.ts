import { describe, expect, it } from 'vitest'
import type { Connection } from '../core/entities.ts'
import { outage } from './connection-state.ts'
import type { PoolLink, SharedState, Transition } from './pool-link.ts'
import type { Pool } from './pool.ts'
import { createManualClock, type ManualClock } from './testing/manual-clock.ts'
import { createScene, failure, makeConnection, makeModel, neutral, success, tryOn } from './testing/scene.ts'

const offeredMs = 2_000

/**
 * Two replicas and what they share, as a store would keep it: transitions are told to the other at once; the lease of
 * a trial goes to the replica that asks first, and on to the other after 2 s without use.
 */
function createFleet(connections: readonly Connection[]) {
  const clock = createManualClock()
  const leases = new Map<string, { holder: number; until: number }>()
  const links: PoolLink[] = [0, 1].map((replica) => ({
    publish(change) {
      const { connection, from, to } = change
      if (to.kind === 'trial') leases.set(connection.id, { holder: replica, until: to.heldUntil })
      else if (from.kind === 'trial') leases.delete(connection.id)
      pools[1 - replica]?.receive(connection.id, shared(change, clock))
    },
    mayTry(id) {
      const lease = leases.get(id)
      return lease !== undefined && lease.holder === replica && lease.until > clock.monotonic()
    },
  }))
  const scenes = links.map((link) => createScene({ clock, link }))
  const pools: Pool[] = scenes.map(({ pool }) => pool)
  for (const pool of pools) pool.retain(connections)
  const offer = (id: string, holder: number) => {
    const lease = leases.get(id)
    if (lease !== undefined && lease.until > clock.monotonic()) return
    leases.set(id, { holder, until: clock.monotonic() + offeredMs })
  }
  return { clock, scenes, pools, offer }
}

function shared({ to }: Transition, clock: ManualClock): SharedState {
  const out = outage(to)
  if (out === null) return { kind: 'ready' }
  const { until, ...rest } = out
  return { ...rest, remainingMs: until - clock.monotonic() }
}

const connection = makeConnection('one')
const model = makeModel([connection])

function coolingFleet() {
  const fleet = createFleet([connection])
  tryOn(fleet.pools[0] as Pool, connection, failure('rate_limit', 10_000))
  return fleet
}

describe('a pool shared by replicas', () => {
  it('keeps from all what one has learned', () => {
    const { scenes, clock } = coolingFleet()
    expect(scenes[1]?.router.status(connection)).toMatchObject({
      state: 'cooling',
      reason: 'rate_limit',
      until: clock.now() + 10_000,
      ejections: 1,
    })
  })

  it('lets one request through in the whole fleet', () => {
    const { scenes, clock, offer } = coolingFleet()
    clock.advance(10_000)
    offer(connection.id, 1)
    offer(connection.id, 0)
    const choices = Array.from({ length: 300 }, (_, index) => scenes[index % 2]?.acquire(model))
    expect(choices.filter((choice) => choice?.kind === 'attempt')).toHaveLength(1)
    expect(choices.findIndex((choice) => choice?.kind === 'attempt')).toBe(1)
  })

  it('passes on a trial that was not used for 2 s', () => {
    const { scenes, clock, offer } = coolingFleet()
    clock.advance(10_000)
    offer(connection.id, 1)
    clock.advance(offeredMs)
    offer(connection.id, 0)
    expect(scenes.map(({ acquire }) => acquire(model).kind)).toEqual(['attempt', 'none'])
  })

  it.each([
    [success, 'ready', 0],
    [failure('network'), 'cooling', 2],
    [neutral, 'trial', 1],
  ] as const)('tells all how a trial ended: %o', (outcome, state, ejections) => {
    const { scenes, pools, clock, offer } = coolingFleet()
    clock.advance(10_000)
    offer(connection.id, 0)
    tryOn(pools[0] as Pool, connection, outcome)
    for (const { router } of scenes) {
      expect(router.status(connection)).toMatchObject({ state, ejections })
    }
  })

  it('keeps the longer of two cooldowns that were learned apart', () => {
    const { pool, router, clock } = createScene()
    pool.retain([connection])
    tryOn(pool, connection, failure('rate_limit', 60_000))
    const learned = { kind: 'cooling', reason: 'network', message: 'lost', ejections: 3 } as const
    pool.receive(connection.id, { ...learned, remainingMs: 20_000 })
    expect(router.status(connection)).toMatchObject({ reason: 'rate_limit', until: clock.now() + 60_000 })
    pool.receive(connection.id, { ...learned, remainingMs: 90_000 })
    expect(router.status(connection)).toMatchObject({
      reason: 'network',
      until: clock.now() + 90_000,
      ejections: 3,
    })
  })

  it('does not tell again what it was told, and ignores what it does not know', () => {
    const told: Transition[] = []
    const { pool } = createScene({ link: { publish: (change) => told.push(change), mayTry: () => true } })
    pool.retain([connection])
    pool.receive('id-unknown', { kind: 'ready' })
    pool.receive(connection.id, {
      kind: 'unhealthy',
      reason: 'region',
      message: 'not here',
      ejections: 1,
      remainingMs: 5_000,
    })
    expect(told).toEqual([])
    expect(pool.entry(connection).state.kind).toBe('unhealthy')
  })
})
