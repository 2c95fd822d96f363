import { expect, it } from 'vitest'
import { createCount, createSeriesMap, type Count } from './series.ts'

it('a map of series finds each by its labels, and forgets what it is told to, but nothing beside it', () => {
  const series = createSeriesMap<Count>(createCount)
  const of = (model: string, status: string) => series.of({ model, status })
  for (const [model, status] of [
    ['a', '200'],
    ['a', '500'],
    ['b', '200'],
  ] as const) {
    of(model, status).value++
    of(model, status).value++
  }
  const all = () => Array.from(series.all(), ({ text, value }) => `${text} ${value}`)
  const [first, second, third] = all()
  expect(all()).toEqual(['model="a",status="200" 2', 'model="a",status="500" 2', 'model="b",status="200" 2'])
  series.retain(({ status }) => status !== '500')
  expect(all()).toEqual([first, third])
  series.retain(({ model }) => model !== 'a')
  expect(all()).toEqual([third])
  expect(of('a', '500').value).toBe(0)
  expect(all()).toEqual([third, second?.replace(' 2', ' 0')])
})
