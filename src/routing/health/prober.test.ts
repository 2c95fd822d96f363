import { afterEach, describe, expect, it } from 'vitest'
import type { Connection } from '../../core/entities.ts'
import { until } from '../../upstream/testing/until.ts'
import type { Pool } from '../pool.ts'
import { failure, success, tryOn } from '../testing/scene.ts'
import { offsetOf } from './rounds.ts'
import { accountAt, connectionsOf, createFleet, type Fleet, type FleetOptions } from './testing/fleet.ts'

let fleet: Fleet | null = null

afterEach(async () => {
  const ended = fleet
  fleet = null
  await ended?.close()
})

async function start(names: readonly string[], options: FleetOptions = {}): Promise<Fleet> {
  fleet = await createFleet(options)
  fleet.connections = connectionsOf(accountAt(fleet.upstream), ...names)
  for (const { prober, evidence } of fleet.replicas) {
    prober.start()
    evidence.start()
  }
  return fleet
}

const interval = 300_000
const tick = 5_000
const many = Array.from({ length: 20 }, (_, index) => `model-${index}`)
const refused = (status: number) => () => ({
  status,
  body: { error: { message: 'no', type: 'error', code: null } },
})

function first<Item>(items: readonly Item[]): Item {
  const [item] = items
  if (item === undefined) throw new Error('there is none')
  return item
}

function gapsOf(times: readonly number[]): number[] {
  return times.slice(1).map((at, index) => at - (times[index] ?? 0))
}

function stateOf(pool: Pool, connection: Connection): string {
  return pool.entry(connection).state.kind
}

describe('rounds', () => {
  it('ask each connection once in an interval, whichever replica does, each at its own moment', async () => {
    const { advance, asked, connections, memory } = await start(many, { replicas: 3 })
    await advance(3 * interval)
    expect(memory.holderOf('prober')).toMatch(/^replica-\d$/)
    for (const connection of connections) {
      const times = asked.filter(({ model }) => model === connection.name).map(({ at }) => at)
      const moments = times.map(
        (at) => (Date.UTC(2030, 0, 1) + at - offsetOf(connection, interval)) % interval,
      )
      // What fell due shortly before the first turn may have been missed by whoever went before.
      expect(times.filter((at) => at >= interval / 2).length).toBeGreaterThanOrEqual(2)
      expect(Math.max(...moments.slice(1))).toBeLessThanOrEqual(tick)
      expect(gapsOf(times.filter((at) => at >= interval / 2)).map((gap) => Math.round(gap / 10_000))).toEqual(
        times
          .filter((at) => at >= interval / 2)
          .slice(1)
          .map(() => interval / 10_000),
      )
    }
    const tenths = asked.map(({ at }) => Math.floor((at % interval) / (interval / 10)))
    expect(new Set(tenths).size).toBeGreaterThan(5)
  })

  it('spare what is switched off, what asks to be spared, and what is out', async () => {
    const scene = await start(['a', 'b', 'c', 'd'])
    const [a, b, c, d] = scene.connections as [Connection, Connection, Connection, Connection]
    const inactive = { ...c.credential, id: 'other', status: 'inactive' as const }
    scene.connections = [{ ...a, enabled: false }, { ...b, probe: false }, { ...c, credential: inactive }, d]
    tryOn(first(scene.replicas).pool, d, failure('quota', 600_000))
    await scene.advance(interval + 10_000)
    expect(scene.asked).toEqual([])
  })

  it('spare what has served in the interval, here or elsewhere', async () => {
    const { advance, asked, connections, replicas } = await start(['a', 'b', 'c'], { replicas: 2 })
    const [a, b] = connections as [Connection, Connection]
    for (let passed = 0; passed < 2 * interval; passed += 60_000) {
      tryOn(first(replicas).pool, a, success)
      tryOn(first(replicas.slice(1)).pool, b, success)
      await advance(60_000)
    }
    expect(new Set(asked.map(({ model }) => model))).toEqual(new Set(['c']))
  })

  it('do not take failing traffic for a reason to spare', async () => {
    const { advance, asked, connections, replicas } = await start(['a'])
    tryOn(first(replicas).pool, first(connections), failure('provider_down'))
    await advance(interval + 10_000)
    expect(asked).toHaveLength(1)
  })

  it('spare what was probed a moment ago, whatever was found', async () => {
    const { advance, asked, connections, replicas, upstream } = await start(['a'])
    upstream.script = refused(500)
    const moment = offsetOf(first(connections), interval)
    await advance(moment + interval - 60_000)
    const before = asked.length
    await first(replicas).prober.refresh(connections)
    await advance(120_000)
    expect(asked).toHaveLength(before + 1)
    await advance(interval)
    expect(asked).toHaveLength(before + 2)
  })

  it('leave to the next holder what they could not ask in time', async () => {
    const { timers, asked, memory, upstream } = await start(many, { maxConcurrency: 1 })
    upstream.script = () => null
    const breathe = () => new Promise<void>((resolve) => setImmediate(resolve))
    await timers.advance(interval, breathe)
    memory.setUp(false)
    await timers.advance(40_000, breathe)
    const before = asked.length
    expect(before).toBeLessThan(many.length)
    await timers.advance(interval, breathe)
    expect(asked).toHaveLength(before)
  })

  it('ask no more at once than they may', async () => {
    const { timers, asking, upstream } = await start(many, { maxConcurrency: 3 })
    upstream.script = () => null
    // Nobody answers before the deadline, which is more often than connections fall due.
    const ends = interval + 40_000
    for (let passed = 0; passed < ends; passed += 1_000) {
      await timers.advance(1_000, async () => {
        await new Promise((resolve) => setImmediate(resolve))
      })
    }
    expect(asking.most).toBe(3)
  })

  it('go on in another replica’s hands where the holder dies', async () => {
    const { advance, asked, memory, replicas } = await start(many, { replicas: 2 })
    await advance(interval / 2)
    const holder = memory.holderOf('prober')
    const index = holder === 'replica-0' ? 0 : 1
    // It takes its lease along.
    await memory.store.leases.take('prober', 'someone dead', 15_000)
    await first(replicas.slice(index)).prober.close()
    const before = asked.length
    await advance(15_000 + 10_000)
    expect(memory.holderOf('prober')).toBe(`replica-${1 - index}`)
    await advance(interval / 2 - 15_000)
    expect(asked.length).toBeGreaterThan(before)
    expect(new Set(asked.map(({ model }) => model))).toEqual(new Set(many))
    for (const name of many) {
      const gaps = gapsOf(asked.filter(({ model }) => model === name).map(({ at }) => at))
      expect(gaps.every((gap) => gap > interval / 2)).toBe(true)
    }
  })

  it('give the lease up at once when they end', async () => {
    const { advance, memory, replicas } = await start(['a'])
    await advance(10_000)
    expect(memory.holderOf('prober')).toBe('replica-0')
    await first(replicas).prober.close()
    expect(memory.holderOf('prober')).toBeNull()
  })

  it('rest while the store is down', async () => {
    const { advance, asked, memory } = await start(many, { replicas: 2 })
    memory.setUp(false)
    await advance(2 * interval)
    expect(asked).toEqual([])
    memory.setUp(true)
    await advance(interval + 10_000)
    expect(new Set(asked.map(({ model }) => model))).toEqual(new Set(many))
  })

  it('rest where health checks are switched off', async () => {
    const { advance, asked, memory } = await start(many, { isEnabled: false })
    await advance(2 * interval)
    expect(asked).toEqual([])
    expect(memory.holderOf('prober')).toBeNull()
  })
})

describe('what a probe beside the pool comes to', () => {
  it('a pass is evidence, and forgives nothing', async () => {
    const { advance, connections, replicas } = await start(['a'])
    const { pool, evidence, checks } = first(replicas)
    const connection = first(connections)
    expect(evidence.connection(connection).status).toBe('unknown')
    tryOn(pool, connection, failure('network'))
    tryOn(pool, connection, failure('network'))
    await advance(interval + 10_000)
    expect(checks).toEqual(['success'])
    expect(evidence.connection(connection)).toMatchObject({ status: 'healthy', checkedBy: 'probe' })
    tryOn(pool, connection, failure('network'))
    expect(stateOf(pool, connection)).toBe('cooling')
    expect(evidence.connection(connection)).toMatchObject({ status: 'unhealthy', checkedBy: 'traffic' })
  })

  it('a refusal puts out at once, faults three in a row', async () => {
    const { advance, connections, replicas, upstream, checks } = await startOne()
    const { pool } = first(replicas)
    upstream.script = refused(500)
    await advance(2 * interval + 10_000)
    expect(checks).toEqual(['provider_down', 'provider_down'])
    expect(stateOf(pool, first(connections))).toBe('ready')
    await advance(interval)
    expect(stateOf(pool, first(connections))).toBe('cooling')
  })

  it('a permission that is gone puts out at once', async () => {
    const { advance, connections, replicas, upstream } = await startOne()
    upstream.script = refused(403)
    await advance(interval + 10_000)
    const { pool, evidence } = first(replicas)
    expect(stateOf(pool, first(connections))).toBe('unhealthy')
    expect(evidence.connection(first(connections))).toMatchObject({
      status: 'unhealthy',
      reason: 'permission',
      message: 'no',
      checkedBy: 'probe',
      ejections: 1,
    })
  })

  it('a question refused as such decides nothing, and is told', async () => {
    const { advance, connections, replicas, upstream, checks } = await startOne()
    upstream.script = refused(400)
    await advance(interval + 10_000)
    const { pool, evidence } = first(replicas)
    expect(checks).toEqual(['refused'])
    expect(stateOf(pool, first(connections))).toBe('ready')
    expect(evidence.connection(first(connections))).toMatchObject({
      status: 'unknown',
      message: 'no',
      checkedBy: 'probe',
    })
  })

  it('nothing, of a connection that leads elsewhere by then', async () => {
    const scene = await startOne()
    const { pool, prober } = first(scene.replicas)
    const connection = first(scene.connections)
    scene.upstream.script = refused(403)
    const refreshed = prober.refresh([connection])
    const credential = { ...connection.credential, version: '2' }
    scene.connections = [{ ...connection, credential }]
    await refreshed
    expect(stateOf(pool, first(scene.connections))).toBe('ready')
  })
})

async function startOne() {
  const scene = await start(['a'])
  return Object.assign(scene, { checks: first(scene.replicas).checks })
}

describe('a trial that no request takes', () => {
  const minute = 60_000

  async function startOut(options: FleetOptions = {}) {
    const scene = await start(['a'], options)
    const { pool } = first(scene.replicas)
    tryOn(pool, first(scene.connections), failure('permission'))
    return scene
  }

  it('is a probe’s, and a pass returns the connection', async () => {
    const { connections, replicas, advance, settled } = await startOut()
    const { pool, prober, evidence } = first(replicas)
    const connection = first(connections)
    expect(prober.checkTrial(connection)).toBe(false)
    await advance(minute)
    expect(prober.checkTrial(connection)).toBe(true)
    expect(stateOf(pool, connection)).toBe('trial')
    expect(prober.checkTrial(connection)).toBe(false)
    await settled()
    expect(stateOf(pool, connection)).toBe('ready')
    expect(evidence.connection(connection)).toMatchObject({ status: 'healthy', checkedBy: 'probe' })
  })

  it('cools longer where it fails', async () => {
    const { connections, replicas, advance, settled, upstream, timers } = await startOut()
    const { pool, prober, evidence } = first(replicas)
    upstream.script = refused(403)
    await advance(minute)
    expect(prober.checkTrial(first(connections))).toBe(true)
    await settled()
    expect(stateOf(pool, first(connections))).toBe('unhealthy')
    const health = evidence.connection(first(connections))
    expect(health).toMatchObject({ ejections: 2, checkedBy: 'probe' })
    expect((health.cooldownUntil ?? 0) - timers.clock.now()).toBe(minute)
  })

  it('is left alone for an interval where its question was refused as such', async () => {
    const { connections, replicas, advance, settled, upstream } = await startOut()
    const { prober } = first(replicas)
    upstream.script = refused(422)
    await advance(minute)
    expect(prober.checkTrial(first(connections))).toBe(true)
    await settled()
    expect(prober.checkTrial(first(connections))).toBe(false)
    await advance(interval)
    expect(prober.checkTrial(first(connections))).toBe(true)
    await settled()
  })

  it('is left to traffic where health checks are switched off, or spare it', async () => {
    const off = await startOut({ isEnabled: false })
    await off.advance(minute)
    expect(first(off.replicas).prober.checkTrial(first(off.connections))).toBe(false)
    await off.close()
    const spared = await startOut()
    spared.connections = [{ ...first(spared.connections), probe: false }]
    await spared.advance(minute)
    expect(first(spared.replicas).prober.checkTrial(first(spared.connections))).toBe(false)
  })

  it('is left to traffic while all that may be asked is asked', async () => {
    const { connections, replicas, advance, upstream, settled, timers } = await startOut({
      maxConcurrency: 1,
    })
    const { prober } = first(replicas)
    await advance(minute)
    upstream.script = () => null
    const refreshed = prober.refresh(connections)
    expect(prober.checkTrial(first(connections))).toBe(false)
    await timers.advance(20_000, async () => {})
    await refreshed
    await settled()
  })

  it('ends with the gateway', async () => {
    const { connections, replicas, advance, upstream } = await startOut()
    const { prober, pool, checks } = first(replicas)
    await advance(minute)
    upstream.script = () => null
    expect(prober.checkTrial(first(connections))).toBe(true)
    await until('the request', () => upstream.requests.length === 1)
    await prober.close()
    expect(checks).toEqual([])
    expect(pool.entry(first(connections)).inFlight).toBe(0)
    expect(prober.checkTrial(first(connections))).toBe(false)
  })
})

describe('a refresh', () => {
  it('returns a connection at once where it passes, whatever its cooldown', async () => {
    const { connections, replicas } = await start(['a', 'b'], { isEnabled: false })
    const { pool, prober } = first(replicas)
    for (const connection of connections) tryOn(pool, connection, failure('quota', 600_000))
    const found = await prober.refresh(connections)
    expect(found.map(({ asked, health }) => [asked.ok, health.status])).toEqual([
      [true, 'healthy'],
      [true, 'healthy'],
    ])
    expect(connections.map((connection) => stateOf(pool, connection))).toEqual(['ready', 'ready'])
  })

  it('counts where it fails, and keeps out for longer what is out', async () => {
    const { connections, replicas, upstream, timers, advance } = await start(['a'])
    const { pool, prober } = first(replicas)
    upstream.script = refused(403)
    const [found] = await prober.refresh(connections)
    expect(found?.asked).toMatchObject({ ok: false, reason: 'permission', status: 403, message: 'no' })
    expect(found?.health).toMatchObject({ status: 'unhealthy', reason: 'permission', ejections: 1 })
    expect(stateOf(pool, first(connections))).toBe('unhealthy')
    await advance(20_000)
    const [again] = await prober.refresh(connections)
    expect(again?.health.ejections).toBe(1)
    expect((again?.health.cooldownUntil ?? 0) - timers.clock.now()).toBe(30_000)
  })

  it('answers also once everything has ended', async () => {
    const { connections, replicas } = await start(['a'])
    const { prober, pool } = first(replicas)
    await prober.close()
    const [found] = await prober.refresh(connections)
    expect(found?.asked).toMatchObject({ ok: false, reason: null })
    expect(stateOf(pool, first(connections))).toBe('ready')
  })
})
