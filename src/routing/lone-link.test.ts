import { describe, expect, it } from 'vitest'
import type { Connection } from '../core/entities.ts'
import { createLoneLink } from './lone-link.ts'
import { createManualTimers } from './shared/testing/manual-timers.ts'
import { createScene, credential, failure, makeConnection, neutral, success, tryOn } from './testing/scene.ts'

const connection = makeConnection('one')

function open(take: (one: Connection) => boolean = () => false) {
  const timers = createManualTimers()
  const offered: [number, Connection][] = []
  const link = createLoneLink({
    onUnusedTrial(one) {
      offered.push([timers.clock.monotonic(), one])
      return take(one)
    },
    random: () => 0.5,
    ...timers,
  })
  const scene = createScene({ clock: timers.clock, link })
  scene.pool.retain([connection])
  const advance = (ms: number) => timers.advance(ms, async () => {})
  return { ...scene, link, offered, advance, times: () => offered.map(([at]) => at) }
}

describe('a process by itself', () => {
  it('offers a trial that no request has used for 2 s, again and again, ever more seldom', async () => {
    const { pool, times, advance } = open()
    tryOn(pool, connection, failure('permission'))
    await advance(31_999)
    expect(times()).toEqual([])
    await advance(1)
    expect(times()).toEqual([32_000])
    await advance(1_000_000)
    const pauses = times()
      .slice(1)
      .map((at, index) => at - (times()[index] ?? 0))
    expect(pauses.slice(0, 6)).toEqual([22_500, 45_000, 90_000, 180_000, 225_000, 225_000])
  })

  it('offers none that a request has used', async () => {
    const { pool, offered, advance } = open()
    tryOn(pool, connection, failure('permission'))
    await advance(31_000)
    const hold = pool.acquire(pool.entry(connection))
    await advance(100_000)
    expect(offered).toEqual([])
    hold.settle(neutral)
    await advance(2_000)
    expect(offered).toHaveLength(1)
    tryOn(pool, connection, success)
    await advance(500_000)
    expect(offered).toHaveLength(1)
  })

  it('waits for what a probe that took the trial finds', async () => {
    const { pool, times, advance } = open((one) => {
      pool.acquire(pool.entry(one)).settle(failure('permission'))
      return true
    })
    tryOn(pool, connection, failure('permission'))
    await advance(32_000 + 62_000 + 122_000)
    expect(times()).toEqual([32_000, 94_000, 216_000])
  })

  it('forgets what is gone or leads elsewhere, and offers the connection as it is now', async () => {
    const { pool, offered, advance } = open()
    tryOn(pool, connection, failure('permission'))
    const heavier = { ...connection, weight: 9 }
    pool.retain([heavier])
    await advance(32_000)
    expect(offered.map(([, one]) => one)).toEqual([heavier])
    pool.retain([{ ...heavier, credential: { ...credential, version: '2' } }])
    await advance(500_000)
    expect(offered).toHaveLength(1)
  })

  it('asks nobody once it is closed', async () => {
    const { pool, link, offered, advance } = open()
    tryOn(pool, connection, failure('permission'))
    link.close()
    tryOn(pool, connection, failure('quota'))
    await advance(1_000_000)
    expect(offered).toEqual([])
  })
})
