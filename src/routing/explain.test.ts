import { describe, expect, it } from 'vitest'
import type { Model } from '../core/entities.ts'
import { policies } from '../core/entities.ts'
import {
  createScene,
  credential,
  failure,
  makeConnection,
  makeModel,
  neutral,
  type Scene,
  seededRandom,
  tryOn,
} from './testing/scene.ts'

function explained({ router }: Scene, model: Model) {
  const { candidates, excluded } = router.explain(model)
  return {
    candidates: candidates.map(({ connection, as }) => `${connection.name} ${as}`),
    excluded: excluded.map(({ connection, ...why }) => ({ name: connection.name, ...why })),
  }
}

const named = (names: string[], priority = 0) => names.map((name) => makeConnection(name, { priority }))

describe('an explanation', () => {
  it('holds every connection: candidates in order, the others with the reason', () => {
    const scene = createScene()
    const { pool, clock } = scene
    const model = makeModel([
      ...named(['cooling', 'unhealthy', 'due', 'on-trial']),
      ...named(['later'], 2),
      ...named(['sooner'], 1),
      makeConnection('off', { enabled: false }),
      makeConnection('inactive', { credential: { ...credential, status: 'inactive' } }),
      makeConnection('weightless', { weight: 0 }),
    ])
    tryOn(pool, makeConnection('due'), failure('rate_limit', 1_000))
    tryOn(pool, makeConnection('on-trial'), failure('quota', 1_000))
    clock.advance(1_000)
    pool.acquire(pool.entry(makeConnection('on-trial')))
    tryOn(pool, makeConnection('cooling'), failure('rate_limit', 7_000))
    tryOn(pool, makeConnection('unhealthy'), failure('permission'))
    expect(explained(scene, model)).toEqual({
      candidates: ['due trial', 'sooner ready', 'later ready'],
      excluded: [
        {
          name: 'cooling',
          why: 'cooling',
          reason: 'rate_limit',
          message: 'it said rate_limit',
          until: clock.now() + 7_000,
        },
        {
          name: 'unhealthy',
          why: 'unhealthy',
          reason: 'permission',
          message: 'it said permission',
          until: clock.now() + 30_000,
        },
        { name: 'on-trial', why: 'trial', reason: 'quota', message: 'it said quota' },
        { name: 'off', why: 'disabled' },
        { name: 'inactive', why: 'inactive_credential' },
        { name: 'weightless', why: 'weight_zero' },
      ],
    })
  })

  it('names the last resort, and leaves it for the next request', () => {
    const scene = createScene()
    const model = makeModel(named(['one', 'two']))
    for (const connection of model.connections) {
      for (let index = 0; index < 3; index++) tryOn(scene.pool, connection, failure('network'))
      scene.clock.advance(1_000)
    }
    expect(explained(scene, model)).toMatchObject({
      candidates: ['one last_resort'],
      excluded: [{ name: 'two', why: 'cooling' }],
    })
    expect(scene.acquire(model).kind).toBe('attempt')
    expect(explained(scene, model)).toMatchObject({
      candidates: [],
      excluded: [
        { name: 'one', why: 'trial' },
        { name: 'two', why: 'cooling' },
      ],
    })
  })

  it('is nothing for a model without connections', () => {
    expect(explained(createScene(), makeModel([]))).toEqual({ candidates: [], excluded: [] })
  })

  it.each(policies)('goes the way that a %s request goes, failure after failure', (policy) => {
    const scene = createScene({ random: seededRandom(7) })
    const twin = createScene({ random: seededRandom(7) })
    const model = makeModel([...named(['a', 'b', 'c', 'd']), ...named(['e', 'f', 'g'], 1)], policy)
    for (const { pool, clock } of [scene, twin]) {
      const [first, second] = model.connections
      for (const connection of [first, second]) {
        if (connection !== undefined) tryOn(pool, connection, failure('permission'))
      }
      clock.advance(40_000)
    }
    const tried = new Set<string>()
    const gone: string[] = []
    for (;;) {
      const choice = twin.acquire(model, { tried })
      if (choice.kind === 'none') break
      const { connection } = choice.attempt
      choice.attempt.settle(neutral)
      gone.push(connection.name)
      tried.add(connection.id)
    }
    expect(gone).toHaveLength(7)
    expect(scene.router.explain(model).candidates.map(({ connection }) => connection.name)).toEqual(gone)
  })
})
