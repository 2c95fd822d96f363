import { expect, it } from 'vitest'
import { createScene, failure, makeConnection, makeModel, tryOn } from './testing/scene.ts'

const connection = makeConnection('only')
const model = makeModel([connection])

it('of a model that was away and returns as the same object is made of what the pool has now', () => {
  const scene = createScene()
  expect(scene.acquire(model).kind).toBe('attempt')
  scene.pool.retain([])
  scene.pool.retain([connection])
  tryOn(scene.pool, connection, failure('permission'))
  expect(scene.router.status(connection).state).toBe('unhealthy')
  expect(scene.acquire(model).kind).toBe('none')
  expect(scene.router.explain(model).candidates).toEqual([])
})

it('is kept as long as the pool keeps its entries, whatever else comes and goes', () => {
  const scene = createScene()
  const other = makeConnection('other')
  scene.pool.retain([connection])
  const before = scene.pool.forgotten()
  scene.pool.retain([connection, other])
  expect(scene.pool.forgotten()).toBe(before)
  scene.pool.retain([connection])
  expect(scene.pool.forgotten()).toBe(before + 1)
})
