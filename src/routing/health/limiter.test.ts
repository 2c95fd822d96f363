import { expect, it } from 'vitest'
import { createLimiter } from './limiter.ts'

it('lets so many run at once, the others in turn, failures included', async () => {
  const limiter = createLimiter(2)
  const begun: number[] = []
  const ends: (() => void)[] = []
  const work = (index: number) => () => {
    begun.push(index)
    return new Promise<number>((resolve, reject) => {
      ends[index] = () => (index === 0 ? reject(new Error('broken')) : resolve(index))
    })
  }
  const runs = [0, 1, 2, 3].map((index) => limiter.run(work(index)))
  const results = Promise.allSettled(runs)
  expect(begun).toEqual([0, 1])
  expect(limiter.isFree).toBe(false)
  ends[0]?.()
  await runs[0]?.catch(() => {})
  expect(begun).toEqual([0, 1, 2])
  const idle = limiter.idle()
  ends[1]?.()
  ends[2]?.()
  await runs[2]
  await new Promise((resolve) => setImmediate(resolve))
  expect(begun).toEqual([0, 1, 2, 3])
  expect(limiter.isFree).toBe(true)
  ends[3]?.()
  await idle
  expect((await results).map(({ status }) => status)).toEqual([
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ])
})

it('is idle where nothing runs', async () => {
  await expect(createLimiter(1).idle()).resolves.toBeUndefined()
})
