import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createKeyedQueue } from './keyed-queue.ts'
import { createManualTimers } from './testing/manual-timers.ts'

function openQueue({ atOnce = 2, perSecond = 1_000 } = {}) {
  const timers = createManualTimers()
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  let canRun = true
  const queue = createKeyedQueue({
    work(key) {
      begun.push(key)
      return new Promise((resolve) => ends.set(key, resolve))
    },
    atOnce,
    perSecond,
    canRun: () => canRun,
    clock: timers.clock,
    schedule: timers.schedule,
  })
  return {
    queue,
    begun,
    advance: (ms: number) => timers.advance(ms, turn),
    allow: (allowed: boolean) => {
      canRun = allowed
    },
    end: async (key: string) => {
      ends.get(key)?.()
      await turn()
    },
  }
}

it('runs so many at once, each key once however often it was asked for, the urgent ones first', async () => {
  const { queue, begun, end } = openQueue()
  for (const key of ['a', 'b', 'c', 'c', 'd']) queue.add(key)
  queue.add('d', true)
  expect(begun).toEqual(['a', 'b'])
  await end('a')
  await end('b')
  expect(begun).toEqual(['a', 'b', 'd', 'c'])
  await end('c')
  await end('d')
  expect(begun).toHaveLength(4)
  expect(queue.has('c')).toBe(false)
})

it('runs a key again that is asked for meanwhile, but never twice at a time', async () => {
  const { queue, begun, end } = openQueue()
  queue.add('a')
  queue.add('a')
  queue.add('a', true)
  expect(begun).toEqual(['a'])
  expect(queue.has('a')).toBe(true)
  await end('a')
  expect(begun).toEqual(['a', 'a'])
  await end('a')
  expect(begun).toHaveLength(2)
})

it('does not begin a key within its own beginning', async () => {
  const timers = createManualTimers()
  let inside = 0
  let most = 0
  let runs = 0
  const queue = createKeyedQueue({
    async work(key) {
      most = Math.max(most, ++inside)
      if (++runs < 3) queue.add(key)
      await turn()
      inside--
    },
    atOnce: 2,
    perSecond: 1_000,
    canRun: () => true,
    ...timers,
  })
  queue.add('a')
  while (queue.has('a')) await turn()
  expect([runs, most]).toEqual([3, 1])
})

it('begins no more in a second than it may', async () => {
  const { queue, begun, advance, end } = openQueue({ atOnce: 1_000, perSecond: 10 })
  for (let key = 0; key < 40; key++) queue.add(`${key}`)
  expect(begun).toHaveLength(10)
  await advance(1_000)
  expect(begun).toHaveLength(20)
  await end('0')
  await advance(950)
  expect(begun).toHaveLength(29)
})

it('waits while nothing may run, and forgets nothing', () => {
  const { queue, begun, allow } = openQueue()
  allow(false)
  queue.add('a')
  expect(begun).toEqual([])
  allow(true)
  queue.resume()
  expect(begun).toEqual(['a'])
})

it('is closed once nothing is under way', async () => {
  const { queue, begun, end, advance } = openQueue({ atOnce: 1 })
  queue.add('a')
  queue.add('b')
  let isClosed = false
  const closed = queue.close().then(() => (isClosed = true))
  await turn()
  expect(isClosed).toBe(false)
  await end('a')
  await closed
  queue.add('c')
  await advance(10_000)
  expect(begun).toEqual(['a'])
})
