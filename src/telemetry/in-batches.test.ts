import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { inBatches } from './in-batches.ts'

it('handles each item once, in order, after the present turn or when asked to', async () => {
  const handled: number[] = []
  const batches = inBatches<number>((item) => handled.push(item))
  batches.add(1)
  batches.add(2)
  expect(handled).toEqual([])
  await nextTurn()
  expect(handled).toEqual([1, 2])
  batches.add(3)
  batches.drain()
  expect(handled).toEqual([1, 2, 3])
  await nextTurn()
  expect(handled).toEqual([1, 2, 3])
})
