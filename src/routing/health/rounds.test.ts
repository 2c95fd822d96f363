import { expect, it } from 'vitest'
import { makeConnection } from '../testing/scene.ts'
import { offsetOf } from './rounds.ts'

it('moments within the interval are spread evenly, and are the same everywhere', () => {
  const tenths = Array<number>(10).fill(0)
  for (let index = 0; index < 10_000; index++) {
    const connection = makeConnection(`connection-${index}`)
    const offset = offsetOf(connection, 300_000)
    expect(offsetOf({ ...connection }, 300_000)).toBe(offset)
    const tenth = Math.floor(offset / 30_000)
    tenths[tenth] = (tenths[tenth] ?? 0) + 1
  }
  expect(Math.min(...tenths)).toBeGreaterThan(850)
  expect(Math.max(...tenths)).toBeLessThan(1_150)
})
