import { describe, expect, it } from 'vitest'
import type { Model } from '../core/entities.ts'
import type { FailureReason } from '../core/failure.ts'
import { alone } from './pool-link.ts'
import type { AttemptQuery, Choice } from './router.ts'
import {
  createScene,
  credential,
  failure,
  makeConnection,
  makeModel,
  neutral,
  type Scene,
  seededRandom,
  success,
  tryOn,
} from './testing/scene.ts'

const first = makeConnection('first')
const second = makeConnection('second', { priority: 1 })
const third = makeConnection('third', { priority: 2 })
const model = makeModel([third, first, second])

const nameOf = (choice: Choice) => (choice.kind === 'attempt' ? choice.attempt.connection.name : null)
const errorOf = (choice: Choice) => {
  if (choice.kind === 'attempt') throw new Error(`it chose ${choice.attempt.connection.name}`)
  const { code, status, retryAfterMs, reason, message } = choice.error
  return { code, status, retryAfterMs, reason, message }
}

/** Puts a connection out for this reason; faults take three. */
function putOut({ pool }: Scene, connection: typeof first, reason: FailureReason, hintMs?: number): void {
  for (let index = 0; pool.entry(connection).state.kind === 'ready' && index < 3; index++) {
    tryOn(pool, connection, failure(reason, hintMs))
  }
}

function settleAll(scene: Scene, tried: Model, query?: Partial<AttemptQuery>): string | null {
  const choice = scene.acquire(tried, query)
  if (choice.kind === 'attempt') choice.attempt.settle(neutral)
  return nameOf(choice)
}

describe('the next connection', () => {
  it('is of the first tier that has one, those tried left out', () => {
    const scene = createScene()
    const tried = new Set<string>()
    for (const name of ['first', 'second', 'third', null]) {
      expect(settleAll(scene, model, { tried })).toBe(name)
      tried.add(`id-${name}`)
    }
  })

  it('is never one that is switched off, inactive or without weight', () => {
    const scene = createScene({ random: seededRandom() })
    const off = makeModel([
      makeConnection('off', { enabled: false }),
      makeConnection('inactive', { credential: { ...credential, status: 'inactive' } }),
      makeConnection('weightless', { weight: 0 }),
      makeConnection('on'),
    ])
    const names = new Set(Array.from({ length: 200 }, () => settleAll(scene, off)))
    expect(names).toEqual(new Set(['on']))
  })

  it('passes over one that is out, and returns to it', () => {
    const scene = createScene()
    putOut(scene, first, 'rate_limit', 10_000)
    expect(settleAll(scene, model)).toBe('second')
    scene.clock.advance(10_000)
    expect(nameOf(scene.acquire(model))).toBe('first')
  })
})

describe('a trial', () => {
  it('is one request of 300', () => {
    const scene = createScene()
    const alone = makeModel([first])
    putOut(scene, first, 'permission')
    scene.clock.advance(30_000)
    const choices = Array.from({ length: 300 }, () => scene.acquire(alone))
    expect(choices.filter(({ kind }) => kind === 'attempt')).toHaveLength(1)
    expect(errorOf(choices[299] as Choice)).toMatchObject({
      code: 'no_healthy_connection',
      retryAfterMs: 1_000,
    })
    if (choices[0]?.kind === 'attempt') choices[0].attempt.settle(success)
    const after = Array.from({ length: 300 }, () => scene.acquire(alone))
    expect(after.filter(({ kind }) => kind === 'attempt')).toHaveLength(300)
  })

  it('goes before what is ready in its tier, so that it ever comes', () => {
    const scene = createScene({ random: seededRandom() })
    const peers = makeModel([makeConnection('heavy', { weight: 1_000 }), first])
    putOut(scene, first, 'permission')
    scene.clock.advance(40_000)
    expect([1, 2, 3].map(() => nameOf(scene.acquire(peers)))).toEqual(['first', 'heavy', 'heavy'])
  })

  it('does not go before a better tier', () => {
    const scene = createScene()
    putOut(scene, second, 'permission')
    scene.clock.advance(30_000)
    expect(settleAll(scene, model)).toBe('first')
    expect(settleAll(scene, model, { tried: new Set(['id-first']) })).toBe('second')
  })

  it('costs a request one attempt at most while anything is ready', () => {
    const scene = createScene()
    const dead = [1, 2, 3, 4].map((index) => makeConnection(`dead${index}`))
    const outage = makeModel([...dead, makeConnection('well', { priority: 1 })])
    for (const connection of dead) putOut(scene, connection, 'permission')
    scene.clock.advance(30_000)
    const trial = scene.acquire(outage)
    expect(nameOf(trial)).toBe('dead1')
    if (trial.kind === 'attempt') trial.attempt.settle(failure('network'))
    const tried = new Set(['id-dead1'])
    expect(settleAll(scene, outage, { tried })).toBe('well')
    expect(settleAll(scene, outage, { tried: new Set([...tried, 'id-well']) })).toBe('dead2')
  })

  it('that is refused for the request’s own fault leaves the next one to decide', () => {
    const scene = createScene()
    putOut(scene, first, 'permission')
    scene.clock.advance(30_000)
    expect([1, 2].map(() => settleAll(scene, makeModel([first])))).toEqual(['first', 'first'])
  })
})

describe('where no connection is left', () => {
  it.each<[string, [FailureReason, FailureReason], string]>([
    ['limits', ['rate_limit', 'rate_limit'], 'rate_limit_exceeded'],
    ['limits and quotas', ['rate_limit', 'quota'], 'rate_limit_exceeded'],
    ['a limit and a refusal', ['rate_limit', 'authentication'], 'no_healthy_connection'],
    ['a limit and a fault', ['rate_limit', 'network'], 'no_healthy_connection'],
    ['refusals', ['permission', 'model_not_found'], 'no_healthy_connection'],
  ])('for %s: the error, and a true retry-after', (_, [one, other], code) => {
    const scene = createScene()
    putOut(scene, first, one, 40_000)
    putOut(scene, second, other, 90_000)
    scene.clock.advance(1_000)
    const status = code === 'rate_limit_exceeded' ? 429 : 503
    const error = errorOf(scene.acquire(makeModel([first, second])))
    expect(error).toMatchObject({ code, status, reason: null, retryAfterMs: 39_000 })
    expect(error.message).toContain('`gpt`')
    expect(error.message).toContain('39 s')
    scene.clock.advance(39_000)
    expect(nameOf(scene.acquire(makeModel([first, second])))).toBe('first')
  })

  it('for all being switched off', () => {
    const scene = createScene()
    for (const connections of [
      [],
      [makeConnection('off', { enabled: false }), makeConnection('weightless', { weight: 0 })],
      [makeConnection('inactive', { credential: { ...credential, status: 'inactive' } })],
    ]) {
      expect(errorOf(scene.acquire(makeModel(connections)))).toMatchObject({
        code: 'no_enabled_connection',
        status: 503,
        retryAfterMs: undefined,
      })
      expect(scene.router.soonestReturn(makeModel(connections))).toBeNull()
    }
  })

  it('those that cannot serve the request do not count', () => {
    const scene = createScene()
    putOut(scene, first, 'rate_limit', 40_000)
    const unfit = new Set([second.id])
    expect(errorOf(scene.acquire(makeModel([first, second]), { tried: unfit })).code).toBe(
      'rate_limit_exceeded',
    )
  })

  it('for all having been tried: what is still open returns at once', () => {
    const scene = createScene()
    const tried = new Set([first.id])
    expect(errorOf(scene.acquire(makeModel([first]), { tried }))).toMatchObject({
      code: 'no_healthy_connection',
      retryAfterMs: 1,
    })
  })
})

describe('the last resort', () => {
  function outForFaults(): Scene {
    const scene = createScene()
    for (const connection of [first, second, third]) {
      putOut(scene, connection, 'provider_down')
      scene.clock.advance(1_000)
    }
    return scene
  }

  it('is the one whose cooldown ends soonest, for one request; the rest get 503', () => {
    const scene = outForFaults()
    const choices = Array.from({ length: 50 }, () => scene.acquire(model))
    expect(choices.filter(({ kind }) => kind === 'attempt').map(nameOf)).toEqual(['first'])
    expect(errorOf(choices[1] as Choice)).toMatchObject({
      code: 'no_healthy_connection',
      retryAfterMs: 1_000,
    })
  })

  it('brings the connection back where it succeeds', () => {
    const scene = outForFaults()
    const choice = scene.acquire(model)
    if (choice.kind === 'attempt') choice.attempt.settle(success)
    expect(scene.router.status(first).state).toBe('ready')
  })

  it('cools longer where it fails, and another is the soonest then', () => {
    const scene = outForFaults()
    const choice = scene.acquire(model)
    if (choice.kind === 'attempt') choice.attempt.settle(failure('network'))
    expect(scene.router.status(first)).toMatchObject({ ejections: 2, until: scene.clock.now() + 60_000 })
    expect(nameOf(scene.acquire(model))).toBe('second')
  })

  it.each(['rate_limit', 'quota', 'authentication', 'permission', 'region'] as const)(
    'is none where one is out for %s',
    (reason) => {
      const scene = outForFaults()
      const other = makeConnection('other')
      putOut(scene, other, reason)
      const { code } = errorOf(scene.acquire(makeModel([first, second, other])))
      expect(code).toBe('no_healthy_connection')
    },
  )

  it('is none while another is ready, though this request has tried it', () => {
    const scene = createScene()
    putOut(scene, first, 'network')
    const tried = new Set([second.id])
    expect(scene.acquire(makeModel([first, second]), { tried }).kind).toBe('none')
  })

  it('is none where this process does not hold the trial', () => {
    const scene = createScene({ link: { ...alone, mayTry: () => false } })
    putOut(scene, first, 'network')
    expect(errorOf(scene.acquire(makeModel([first])))).toMatchObject({ retryAfterMs: 30_000 })
  })
})

describe('a named connection', () => {
  const off = makeConnection('off', { enabled: false })
  const inactive = makeConnection('inactive', { credential: { ...credential, status: 'inactive' } })
  const weightless = makeConnection('weightless', { weight: 0 })
  const named = makeModel([first, second, off, inactive, weightless])
  const acquire = (scene: Scene, connectionName: string) => scene.acquire(named, { connectionName })

  it('is the only candidate, without weight or in a later tier', () => {
    const scene = createScene()
    expect(['second', 'weightless', 'first'].map((name) => nameOf(acquire(scene, name)))).toEqual([
      'second',
      'weightless',
      'first',
    ])
  })

  it('that the model has not is not found', () => {
    expect(errorOf(acquire(createScene(), 'third'))).toMatchObject({
      code: 'connection_not_found',
      status: 404,
    })
  })

  it.each(['off', 'inactive'])('that is %s is disabled', (name) => {
    expect(errorOf(acquire(createScene(), name))).toMatchObject({ code: 'connection_disabled', status: 503 })
  })

  it.each(['rate_limit', 'authentication', 'network'] as const)(
    'out for %s says when it returns',
    (reason) => {
      const scene = createScene()
      putOut(scene, second, reason, 50_000)
      expect(errorOf(acquire(scene, 'second'))).toMatchObject({
        code: 'no_healthy_connection',
        status: 503,
        retryAfterMs: 50_000,
      })
      scene.clock.advance(50_000)
      expect([1, 2].map(() => nameOf(acquire(scene, 'second')))).toEqual(['second', null])
    },
  )

  it('is not tried twice by one request', () => {
    const scene = createScene()
    const choice = scene.acquire(named, { connectionName: 'first', tried: new Set([first.id]) })
    expect(choice.kind).toBe('none')
  })
})

describe('the soonest return', () => {
  it('is the end of the first cooldown, 0 once it is over, and the named one’s where one is named', () => {
    const scene = createScene()
    const pair = makeModel([first, second])
    expect(scene.router.soonestReturn(pair)).toBe(0)
    putOut(scene, first, 'rate_limit', 40_000)
    putOut(scene, second, 'rate_limit', 9_000)
    const { router } = scene
    expect([null, 'first', 'second'].map((name) => router.soonestReturn(pair, name))).toEqual([
      9_000, 40_000, 9_000,
    ])
    scene.clock.advance(9_000)
    expect(router.soonestReturn(pair)).toBe(0)
  })

  it('is what a 429 shows', () => {
    const scene = createScene()
    putOut(scene, first, 'rate_limit', 40_000)
    const choice = scene.acquire(makeModel([first]))
    if (choice.kind === 'attempt') throw new Error('it is out')
    scene.clock.advance(15_000)
    expect(scene.router.pickError([choice.error], makeModel([first])).retryAfterMs).toBe(25_000)
  })
})
