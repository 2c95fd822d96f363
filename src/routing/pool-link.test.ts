import { describe, expect, it } from 'vitest'
import { alone, type Transition } from './pool-link.ts'
import { createScene, failure, makeConnection, makeModel, tryOn } from './testing/scene.ts'

const connection = makeConnection('one')
const model = makeModel([connection])
const learned = { kind: 'cooling', reason: 'network', message: 'lost', ejections: 3 } as const

describe('what another replica has learned', () => {
  it('is merged: of two cooldowns that were learned apart the longer is kept', () => {
    const { pool, router, clock } = createScene()
    pool.retain([connection])
    tryOn(pool, connection, failure('rate_limit', 60_000))
    pool.receive(connection.id, { ...learned, remainingMs: 20_000 })
    expect(router.status(connection)).toMatchObject({ reason: 'rate_limit', until: clock.now() + 60_000 })
    pool.receive(connection.id, { ...learned, remainingMs: 90_000 })
    expect(router.status(connection)).toMatchObject({
      reason: 'network',
      until: clock.now() + 90_000,
      ejections: 3,
    })
  })

  it('awaits its trial where its cooldown is over already', () => {
    const { pool, router } = createScene({ link: { ...alone, mayTry: () => false } })
    pool.retain([connection])
    pool.receive(connection.id, { ...learned, remainingMs: 0 })
    expect(router.status(connection)).toMatchObject({ state: 'trial', reason: 'network', until: null })
  })

  it('is ignored where no snapshot has the connection', () => {
    const { pool } = createScene()
    pool.receive('id-unknown', { ...learned, remainingMs: 20_000 })
    expect(pool.find('id-unknown')).toBeUndefined()
  })
})

describe('the link', () => {
  it('hears of every transition, and where it comes from', () => {
    const noted: Transition[] = []
    const { pool } = createScene({ link: { ...alone, note: (change) => noted.push(change) } })
    pool.retain([connection])
    pool.receive(connection.id, { ...learned, remainingMs: 5_000 })
    pool.restore(connection)
    pool.eject(connection, 'authentication', 'its key was revoked')
    expect(noted.map(({ to, origin }) => [to.kind, origin])).toEqual([
      ['cooling', 'elsewhere'],
      ['ready', 'here'],
      ['unhealthy', 'here'],
    ])
  })

  it('says who may try, and how long to wait for it once the cooldown is over', () => {
    const asked: string[] = []
    const link = { ...alone, mayTry: () => false, refused: (id: string) => asked.push(id) * 1_234 }
    const { pool, clock, router, acquire } = createScene({ link })
    tryOn(pool, connection, failure('rate_limit', 5_000))
    expect(acquire(model)).toMatchObject({ kind: 'none', error: { retryAfterMs: 5_000 } })
    clock.advance(5_000)
    expect(acquire(model)).toMatchObject({ kind: 'none', error: { retryAfterMs: 2_468 } })
    expect(router.explain(model).excluded).toMatchObject([{ why: 'trial', reason: 'rate_limit' }])
    expect(asked).toEqual([connection.id, connection.id])
  })
})

it('is believed for no longer than any cooldown may last: the store may have had another time when it was told', () => {
  const { pool, router, clock } = createScene()
  pool.retain([connection])
  pool.receive(connection.id, { ...learned, remainingMs: 24 * 3_600_000 })
  const { until } = router.status(connection)
  expect((until ?? 0) - clock.now()).toBeCloseTo(660_000)
})
