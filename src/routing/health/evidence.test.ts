import { describe, expect, it } from 'vitest'
import type { Connection } from '../../core/entities.ts'
import { createMemoryPool, type Pool } from '../pool.ts'
import { createManualTimers } from '../shared/testing/manual-timers.ts'
import { failure, makeConnection, makeModel, success, tryOn } from '../testing/scene.ts'
import type { Asked } from './ask.ts'
import { createEvidence, type HealthEvidence } from './evidence.ts'
import { createMemoryStore } from './testing/memory-store.ts'

const intervalMs = 300_000
const tellMs = 30_000
const day = 24 * 3_600_000

interface Replica {
  readonly pool: Pool
  readonly evidence: HealthEvidence
}

function createReplicas(count = 1, connections: readonly Connection[] = [makeConnection('a')]) {
  const timers = createManualTimers()
  const memory = createMemoryStore(timers.clock)
  const faults: unknown[] = []
  const snapshot = { connections }
  const replicas = Array.from({ length: count }, (): Replica => {
    const pool = createMemoryPool({ clock: timers.clock, random: () => 0.5 })
    pool.retain(connections)
    const evidence = createEvidence({
      pool,
      connections: () => snapshot.connections,
      store: memory.store,
      intervalMs,
      clock: timers.clock,
      schedule: timers.schedule,
      onStoreFault: (error) => faults.push(error),
    })
    evidence.start()
    return { pool, evidence }
  })
  const breathe = () => new Promise<void>((resolve) => setImmediate(resolve))
  const [one, other] = replicas as [Replica, Replica]
  const [connection] = connections as [Connection]
  return {
    timers,
    memory,
    faults,
    snapshot,
    one,
    other,
    connection,
    advance: (ms: number) => timers.advance(ms, breathe),
  }
}

const passed: Asked = { ok: true, latencyMs: 40, text: 'hi', dimensions: null, usage: null }

describe('a connection', () => {
  it('is unknown until somebody has asked it', () => {
    const { one, connection } = createReplicas()
    expect(one.evidence.connection(connection)).toEqual({
      status: 'unknown',
      reason: null,
      message: null,
      lastChecked: null,
      checkedBy: null,
      lastSuccess: null,
      latencyMs: null,
      cooldownUntil: null,
      ejections: 0,
    })
  })

  it('is healthy after a success of traffic, or of a probe', () => {
    const { one, connection, timers } = createReplicas()
    const at = timers.clock.now()
    tryOn(one.pool, connection, success)
    expect(one.evidence.connection(connection)).toMatchObject({
      status: 'healthy',
      lastChecked: at,
      checkedBy: 'traffic',
      lastSuccess: at,
      latencyMs: 100,
    })
    timers.clock.advance(1_000)
    one.evidence.probed(connection, passed)
    expect(one.evidence.connection(connection)).toMatchObject({
      status: 'healthy',
      lastChecked: at + 1_000,
      checkedBy: 'probe',
    })
  })

  it('is unhealthy while it is out, for whatever reason, and says why', () => {
    const { one, connection, timers } = createReplicas()
    tryOn(one.pool, connection, success)
    tryOn(one.pool, connection, failure('rate_limit', 42_000))
    expect(one.evidence.connection(connection)).toMatchObject({
      status: 'unhealthy',
      reason: 'rate_limit',
      message: 'it said rate_limit',
      cooldownUntil: timers.clock.now() + 42_000,
      ejections: 1,
    })
    timers.clock.advance(50_000)
    expect(one.evidence.connection(connection)).toMatchObject({ status: 'unhealthy', cooldownUntil: null })
  })

  it('stays healthy over a failure that did not put it out, as long as it served in the interval', () => {
    const { one, connection, timers } = createReplicas()
    tryOn(one.pool, connection, success)
    timers.clock.advance(1_000)
    tryOn(one.pool, connection, failure('network'))
    expect(one.evidence.connection(connection)).toMatchObject({ status: 'healthy', checkedBy: 'traffic' })
    timers.clock.advance(intervalMs)
    expect(one.evidence.connection(connection).status).toBe('unhealthy')
  })

  it('is unknown again once nobody has asked it for a day', () => {
    const { one, connection, timers } = createReplicas()
    tryOn(one.pool, connection, success)
    timers.clock.advance(day)
    expect(one.evidence.connection(connection).status).toBe('healthy')
    timers.clock.advance(1)
    expect(one.evidence.connection(connection).status).toBe('unknown')
  })

  it('is unknown with another key', () => {
    const { one, connection, snapshot } = createReplicas()
    tryOn(one.pool, connection, success)
    const changed = { ...connection, credential: { ...connection.credential, version: '2' } }
    snapshot.connections = [changed]
    one.pool.retain(snapshot.connections)
    expect(one.evidence.connection(changed).status).toBe('unknown')
  })
})

describe('a model', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => makeConnection(name)) as [
    Connection,
    Connection,
    Connection,
  ]

  it('is healthy if one connection is, unhealthy if all are out, unknown until it is judged', () => {
    const { one, timers } = createReplicas(1, [a, b, c])
    const model = makeModel([a, b, { ...c, enabled: false }])
    expect(one.evidence.model(model)).toEqual({ status: 'unknown', lastChecked: null, checkedBy: null })
    tryOn(one.pool, a, failure('permission'))
    expect(one.evidence.model(model).status).toBe('unknown')
    timers.clock.advance(1_000)
    tryOn(one.pool, b, success)
    expect(one.evidence.model(model)).toEqual({
      status: 'healthy',
      lastChecked: timers.clock.now(),
      checkedBy: 'traffic',
    })
    tryOn(one.pool, b, failure('permission'))
    tryOn(one.pool, c, success)
    expect(one.evidence.model(model).status).toBe('unhealthy')
    expect(one.evidence.model(makeModel([])).status).toBe('unknown')
  })
})

describe('between replicas', () => {
  it('successes and failures are told, and read when asked for', async () => {
    const { one, other, connection, advance, timers } = createReplicas(2)
    await advance(tellMs)
    tryOn(one.pool, connection, success)
    const at = timers.clock.now()
    await advance(tellMs)
    expect(other.evidence.connection(connection).status).toBe('unknown')
    await other.evidence.refresh()
    expect(other.evidence.connection(connection)).toMatchObject({
      status: 'healthy',
      lastSuccess: at,
      latencyMs: 100,
      checkedBy: 'traffic',
    })
    expect(other.evidence.lastGood(connection).success).toBe(at)
  })

  it('are read once in an interval without being asked for', async () => {
    const { one, other, connection, advance } = createReplicas(2)
    tryOn(one.pool, connection, success)
    await advance(intervalMs + 2 * tellMs)
    expect(other.evidence.connection(connection).status).toBe('healthy')
  })

  it('only what has changed is told, a thousand at a time', async () => {
    const all = Array.from({ length: 2_500 }, (_, index) => makeConnection(`c${index}`))
    const { one, memory, advance } = createReplicas(1, all)
    for (const connection of all) tryOn(one.pool, connection, success)
    await advance(tellMs)
    expect(memory.reports).toEqual([1_000, 1_000, 500])
    await advance(tellMs)
    expect(memory.reports).toHaveLength(3)
    tryOn(one.pool, all[7] as Connection, success)
    await advance(tellMs)
    expect(memory.reports.slice(3)).toEqual([1])
  })

  it('a store that fails is told later', async () => {
    const { one, other, connection, memory, advance, faults } = createReplicas(2)
    tryOn(one.pool, connection, success)
    memory.failing = true
    await advance(tellMs)
    expect(faults.length).toBeGreaterThan(0)
    memory.failing = false
    await advance(tellMs)
    await other.evidence.refresh()
    expect(other.evidence.connection(connection).status).toBe('healthy')
  })

  it('a store that comes back empty is told again', async () => {
    const { one, other, connection, memory, advance, faults } = createReplicas(2)
    tryOn(one.pool, connection, success)
    await advance(tellMs)
    memory.setUp(false)
    memory.empty()
    await advance(tellMs)
    memory.setUp(true)
    await advance(tellMs)
    await other.evidence.refresh()
    expect(other.evidence.connection(connection).status).toBe('healthy')
    expect(faults).toEqual([])
  })

  it('what is not told yet is told at the end', async () => {
    const { one, other, connection } = createReplicas(2)
    tryOn(one.pool, connection, success)
    await one.evidence.close()
    await other.evidence.refresh()
    expect(other.evidence.connection(connection).status).toBe('healthy')
  })

  it('what another version has written is passed over', async () => {
    const { one, memory, connection, advance } = createReplicas(2)
    tryOn(one.pool, connection, success)
    await advance(tellMs)
    const [told] = await memory.store.evidence.all()
    if (told === undefined) throw new Error('nothing was told')
    for (const json of ['{', '1', 'null', '{"by":"a friend"}']) {
      await memory.store.evidence.report([{ ...told, kind: 'failure', ageMs: 0, json }])
      await one.evidence.refresh()
      expect(one.evidence.connection(connection).status).toBe('healthy')
    }
  })
})

describe('a credential that no connection uses', () => {
  it('is in error from its refusal to its next success', async () => {
    const { one, other, advance } = createReplicas(2)
    const { credential } = makeConnection('a', {
      credential: { ...makeConnection('a').credential, id: 'lonely' },
    })
    one.evidence.credentialJudged(credential, { reason: 'authentication', message: 'no' })
    expect(one.evidence.credential(credential)).toEqual({
      status: 'error',
      reason: 'authentication',
      message: 'no',
    })
    await advance(2 * tellMs)
    await other.evidence.refresh()
    expect(other.evidence.credential(credential).status).toBe('error')
    other.evidence.credentialJudged(credential, null)
    expect(other.evidence.credential(credential).status).toBe('active')
    expect(one.evidence.credential({ ...credential, status: 'inactive' }).status).toBe('inactive')
  })
})
