import { describe, expect, it } from 'vitest'
import { type AttemptOutcome, failureReasons } from '../core/failure.ts'
import type { Transition } from './pool-link.ts'
import { createScene, credential, failure, makeConnection, neutral, success, tryOn } from './testing/scene.ts'

const connection = makeConnection('one')

function after(...outcomes: readonly AttemptOutcome[]) {
  const scene = createScene()
  for (const outcome of outcomes) tryOn(scene.pool, connection, outcome)
  const { state, reason, until } = scene.router.status(connection)
  return [state, reason, until === null ? null : until - scene.clock.now()]
}

const repeat = <Item>(item: Item, times: number) => Array.from({ length: times }, () => item)

describe('what the upstream did, and its connection', () => {
  it.each<[string, AttemptOutcome[], unknown[]]>([
    ['429 with a hint', [failure('rate_limit', 42_000)], ['cooling', 'rate_limit', 42_000]],
    ['429 with a hint of nothing', [failure('rate_limit', 0)], ['cooling', 'rate_limit', 1_000]],
    ['429 with a hint of a day', [failure('rate_limit', 86_400_000)], ['cooling', 'rate_limit', 600_000]],
    ['429 without a hint', [failure('rate_limit')], ['cooling', 'rate_limit', 5_000]],
    ['401', [failure('authentication')], ['unhealthy', 'authentication', 30_000]],
    ['403', [failure('permission')], ['unhealthy', 'permission', 30_000]],
    ['404 of the model', [failure('model_not_found')], ['unhealthy', 'model_not_found', 30_000]],
    ['a model retired', [failure('model_deprecated')], ['unhealthy', 'model_deprecated', 30_000]],
    ['a region closed', [failure('region')], ['unhealthy', 'region', 30_000]],
    ['quota spent', [failure('quota')], ['cooling', 'quota', 600_000]],
    ['quota spent, with a hint', [failure('quota', 90_000)], ['cooling', 'quota', 90_000]],
    ['5xx once', [failure('provider_down')], ['ready', null, null]],
    ['5xx twice', repeat(failure('provider_down'), 2), ['ready', null, null]],
    ['5xx three times', repeat(failure('provider_down'), 3), ['cooling', 'provider_down', 30_000]],
    ['5xx, with a hint', repeat(failure('provider_down', 90_000), 3), ['cooling', 'provider_down', 90_000]],
    ['connect errors', repeat(failure('network'), 3), ['cooling', 'network', 30_000]],
    ['timeouts', repeat(failure('timeout'), 3), ['cooling', 'timeout', 30_000]],
    [
      'faults of all sorts in a row',
      [failure('timeout'), failure('network'), failure('provider_down')],
      ['cooling', 'provider_down', 30_000],
    ],
    [
      'a success between the faults',
      [...repeat(failure('network'), 2), success, ...repeat(failure('network'), 2)],
      ['ready', null, null],
    ],
    [
      'a refused request between the faults',
      [...repeat(failure('network'), 2), neutral, failure('network')],
      ['cooling', 'network', 30_000],
    ],
    ['400, 413, 415, 422, a client that left', repeat(neutral, 50), ['ready', null, null]],
    ['half of ten', repeat([success, failure('network')], 5).flat(), ['ready', null, null]],
    [
      'over half of ten',
      [...repeat([failure('network'), success], 4).flat(), ...repeat(failure('network'), 2)],
      ['cooling', 'network', 30_000],
    ],
  ])('%s', (_, outcomes, expected) => {
    expect(after(...outcomes)).toEqual(expected)
  })

  it('cools longer each time its trial fails, and is forgiven by one success', () => {
    const { pool, router, clock } = createScene()
    const rounds = [1, 2, 3, 4, 5, 6].map(() => {
      tryOn(pool, connection, failure('permission'))
      const waitMs = (router.status(connection).until ?? 0) - clock.now()
      clock.advance(waitMs)
      return waitMs / 1_000
    })
    expect(rounds).toEqual([30, 60, 120, 240, 300, 300])
    expect(router.status(connection)).toMatchObject({ state: 'trial', ejections: 6, until: null })
    tryOn(pool, connection, success)
    expect(router.status(connection)).toMatchObject({ state: 'ready', ejections: 0, reason: null })
    tryOn(pool, connection, failure('permission'))
    expect(router.status(connection).ejections).toBe(1)
  })

  it('counts the faults after its return anew', () => {
    const { pool, router, clock } = createScene()
    for (let index = 0; index < 3; index++) tryOn(pool, connection, failure('network'))
    clock.advance(30_000)
    tryOn(pool, connection, success)
    tryOn(pool, connection, failure('network'))
    tryOn(pool, connection, failure('network'))
    expect(router.status(connection).state).toBe('ready')
  })
})

describe('a failure', () => {
  it.each(failureReasons)(
    'for %s takes out its own connection alone, not the others of its credential',
    (reason) => {
      const { pool, router } = createScene()
      const other = makeConnection('other')
      for (let index = 0; index < 3; index++) tryOn(pool, connection, failure(reason))
      expect(router.status(connection).state).not.toBe('ready')
      expect(router.status(other).state).toBe('ready')
    },
  )
})

describe('an attempt', () => {
  it('counts as in flight until it is settled, which it is once', () => {
    const { pool, router } = createScene()
    const holds = [1, 2].map(() => pool.acquire(pool.entry(connection)))
    expect(router.status(connection).inFlight).toBe(2)
    holds[0]?.settle(neutral)
    holds[0]?.settle(failure('authentication'))
    expect(router.status(connection)).toMatchObject({ inFlight: 1, state: 'ready', lastFailure: null })
  })

  it('on trial is won by its first event; what comes after is counted like any other', () => {
    const { pool, router, clock } = createScene()
    tryOn(pool, connection, failure('rate_limit'))
    clock.advance(5_000)
    const hold = pool.acquire(pool.entry(connection))
    hold.answered()
    expect(router.status(connection)).toMatchObject({ state: 'ready', ejections: 1 })
    hold.settle(failure('network'))
    expect(router.status(connection)).toMatchObject({ state: 'ready', ejections: 1 })
  })

  it('whose trial has lapsed decides nothing', () => {
    const { pool, router, clock } = createScene({ trialMs: 60_000 })
    tryOn(pool, connection, failure('permission'))
    clock.advance(30_000)
    const lost = pool.acquire(pool.entry(connection))
    clock.advance(60_000)
    const next = pool.acquire(pool.entry(connection))
    lost.settle(success)
    expect(router.status(connection).state).toBe('trial')
    next.settle(success)
    expect(router.status(connection)).toMatchObject({ state: 'ready', inFlight: 0 })
  })

  it('leaves its time and its latency behind', () => {
    const { pool, router, clock } = createScene()
    tryOn(pool, connection, { kind: 'success', firstByteMs: 100 })
    clock.advance(1_000)
    tryOn(pool, connection, { kind: 'success', firstByteMs: 200 })
    tryOn(pool, connection, { kind: 'success', firstByteMs: Number.NaN })
    clock.advance(1_000)
    tryOn(pool, connection, failure('network'))
    expect(router.status(connection)).toMatchObject({
      latencyMs: 120,
      lastSuccess: clock.now() - 1_000,
      lastFailure: clock.now(),
    })
  })
})

describe('a check without a request', () => {
  it('that failed puts it out at once, and lengthens what runs', () => {
    const { pool, router, clock } = createScene()
    pool.eject(connection, 'network', 'nobody there')
    expect(router.status(connection)).toMatchObject({
      state: 'cooling',
      reason: 'network',
      message: 'nobody there',
      until: clock.now() + 30_000,
      ejections: 1,
      lastFailure: clock.now(),
      inFlight: 0,
    })
    clock.advance(10_000)
    pool.eject(connection, 'authentication', 'the key was revoked')
    expect(router.status(connection)).toMatchObject({
      state: 'unhealthy',
      reason: 'authentication',
      until: clock.now() + 30_000,
      ejections: 1,
    })
  })

  it('does not decide for a trial that is under way', () => {
    const { pool, router, clock } = createScene()
    pool.eject(connection, 'permission', 'no')
    clock.advance(30_000)
    const hold = pool.acquire(pool.entry(connection))
    pool.eject(connection, 'authentication', 'the key was revoked')
    hold.settle(success)
    expect(router.status(connection).state).toBe('ready')
  })

  it('that passed returns it, whatever it was out for', () => {
    const { pool, router } = createScene()
    tryOn(pool, connection, failure('authentication'))
    pool.restore(connection)
    expect(router.status(connection)).toMatchObject({ state: 'ready', ejections: 0 })
  })
})

describe('a new snapshot', () => {
  const other = makeConnection('other')
  const scene = () => {
    const made = createScene()
    for (const one of [connection, other]) tryOn(made.pool, one, failure('authentication'))
    return made
  }

  it('takes with it what it no longer has', () => {
    const { pool, router } = scene()
    pool.retain([other])
    pool.retain([connection, other])
    expect([connection, other].map((one) => router.status(one).state)).toEqual(['ready', 'unhealthy'])
  })

  it.each([
    ['key', { credential: { ...credential, version: '2' } }],
    ['credential', { credential: { ...credential, id: 'credential-2' } }],
    ['upstream model', { modelName: 'gpt-other' }],
    ['region', { region: 'eu-west-1' }],
    ['override', { overrides: { set: { tier: 'flex' } } }],
    ['template', { custom: { url: 'https://example.com' } }],
  ])('forgets what was learned before another %s', (_, change) => {
    const { pool, router } = scene()
    const changed = { ...connection, ...change }
    pool.retain([changed, other])
    expect(router.status(changed).state).toBe('ready')
    expect(router.status(other).state).toBe('unhealthy')
  })

  it('keeps what holds whatever its weight, place and switches', () => {
    const { pool, router } = scene()
    const changed = { ...connection, weight: 7, priority: 2, probe: false, overrides: {} }
    pool.retain([changed])
    expect(router.status(changed).state).toBe('unhealthy')
    expect(router.status({ ...changed, enabled: false }).state).toBe('disabled')
  })

  it('is not troubled by an attempt with the key of the one before', () => {
    const { pool, router } = createScene()
    const changes: Transition[] = []
    const hold = pool.acquire(pool.entry(connection))
    const rotated = { ...connection, credential: { ...credential, version: '2' } }
    pool.retain([rotated])
    pool.onTransition((change) => changes.push(change))
    hold.settle(failure('authentication'))
    expect(router.status(rotated)).toMatchObject({ state: 'ready', inFlight: 0 })
    expect(changes).toEqual([])
  })
})

describe('listeners', () => {
  it('hear every change of state once, and which of them begins a cooldown', () => {
    const { pool, router, clock } = createScene()
    const heard: string[] = []
    const stop = router.onTransition(({ connection: { name }, from, to, isEjection, origin }) => {
      heard.push([name, from.kind, to.kind, isEjection, origin].join(' '))
    })
    tryOn(pool, connection, failure('rate_limit', 1_000))
    const before = pool.acquire(pool.entry(makeConnection('two')))
    tryOn(pool, makeConnection('two'), failure('quota', 1_000))
    before.settle(failure('quota', 9_000))
    clock.advance(1_000)
    tryOn(pool, connection, neutral)
    tryOn(pool, connection, failure('network'))
    pool.restore(connection)
    stop()
    tryOn(pool, connection, failure('rate_limit'))
    expect(heard).toEqual([
      'one ready cooling true here',
      'two ready cooling true here',
      'two cooling cooling false here',
      'one cooling trial false here',
      'one trial cooling false here',
      'one cooling trial false here',
      'one trial cooling true here',
      'one cooling ready false here',
    ])
  })
})
