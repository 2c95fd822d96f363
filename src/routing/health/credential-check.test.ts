import { afterEach, describe, expect, it } from 'vitest'
import type { Connection } from '../../core/entities.ts'
import { failure, tryOn } from '../testing/scene.ts'
import { accountAt, connectionsOf, createFleet, type Fleet, type Replica } from './testing/fleet.ts'
import { chatAnswer } from './testing/provider-cases.ts'
import type { Answer, SeenRequest } from './testing/upstream.ts'

let fleet: Fleet | null = null

afterEach(async () => {
  const ended = fleet
  fleet = null
  await ended?.close()
})

interface Scene extends Fleet {
  readonly one: Replica
  readonly hit: Connection
  states(): (string | null)[]
  status(): string
  lists(): number
  calls(): number
}

/** Three connections of one credential and one of another; probes are made in no rounds, only where something happens. */
async function start(provider = 'openai'): Promise<Scene> {
  const made = await createFleet({ isEnabled: false })
  fleet = made
  const credential = accountAt(made.upstream, { provider })
  const other = accountAt(made.upstream, { id: 'credential-2' })
  made.connections = [...connectionsOf(credential, 'a', 'b', 'c'), ...connectionsOf(other, 'd')].map(
    (connection) => ({ ...connection, provider: connection.credential.provider ?? 'openai' }),
  )
  const [one] = made.replicas as [Replica]
  const [hit] = made.connections as [Connection]
  const isList = ({ method }: SeenRequest) => method === 'GET'
  return Object.assign(made, {
    one,
    hit,
    states: () =>
      made.connections.map((connection) => {
        const { state } = one.pool.entry(connection)
        return state.kind === 'ready' ? null : state.kind === 'trial' ? 'trial' : state.reason
      }),
    status: () => one.evidence.credential(credential).status,
    lists: () => made.upstream.requests.filter(isList).length,
    calls: () => made.upstream.requests.filter((request) => !isList(request)).length,
  })
}

const refused = (status: number, message = 'no'): Answer => ({
  status,
  body: { error: { message, type: 'error', code: null } },
})
const list: Answer = { body: { data: [{ id: 'gpt-4o' }] } }
const byMethod = (onList: Answer, onCall: Answer) => (request: SeenRequest) =>
  request.method === 'GET' ? onList : onCall

describe('a 401 on one connection', () => {
  it('takes out all connections of the credential once the list confirms it, after one question', async () => {
    const scene = await start()
    scene.upstream.script = byMethod(refused(401, 'the key was revoked'), refused(401))
    tryOn(scene.one.pool, scene.hit, failure('authentication'))
    tryOn(scene.one.pool, scene.connections[1] as Connection, failure('authentication'))
    await scene.settled()
    expect(scene.states()).toEqual(['authentication', 'authentication', 'authentication', null])
    expect(scene.status()).toBe('error')
    expect(scene.one.evidence.credential(scene.hit.credential)).toEqual({
      status: 'error',
      reason: 'authentication',
      message: 'the key was revoked',
    })
    expect([scene.lists(), scene.calls()]).toEqual([1, 0])
  })

  it('is that connection’s alone where the list is given', async () => {
    const scene = await start()
    scene.upstream.script = byMethod(list, refused(401))
    tryOn(scene.one.pool, scene.hit, failure('authentication'))
    await scene.settled()
    expect(scene.states()).toEqual(['authentication', null, null, null])
    expect(scene.status()).toBe('active')
    expect([scene.lists(), scene.calls()]).toEqual([1, 0])
  })

  it.each<[string, Answer]>([
    ['may not be had', refused(403)],
    [
      'wants a right of its own',
      refused(401, 'You have insufficient permissions. Missing scopes: api.model.read'),
    ],
    ['fails', refused(500)],
  ])('is decided by a call on another connection where the list %s', async (_, onList) => {
    const scene = await start()
    scene.upstream.script = byMethod(onList, refused(401))
    tryOn(scene.one.pool, scene.hit, failure('authentication'))
    await scene.settled()
    expect(scene.states()).toEqual(['authentication', 'authentication', 'authentication', null])
    expect(scene.status()).toBe('error')
    expect(scene.asked.map(({ model }) => model)).toEqual(['b'])
  })

  it('does not ask a list that is given to anyone', async () => {
    const scene = await start('openrouter')
    scene.upstream.script = byMethod(list, refused(401))
    tryOn(scene.one.pool, scene.hit, failure('authentication'))
    await scene.settled()
    expect(scene.lists()).toBe(0)
    expect(scene.status()).toBe('error')
  })

  it.each<[string, Answer]>([
    ['answers', chatAnswer],
    ['fails', refused(500)],
    ['is limited', refused(429)],
  ])('is that connection’s alone where the other call %s', async (_, onCall) => {
    const scene = await start('openrouter')
    scene.upstream.script = byMethod(list, onCall)
    tryOn(scene.one.pool, scene.hit, failure('authentication'))
    await scene.settled()
    expect(scene.states()[0]).toBe('authentication')
    expect(scene.states()).not.toEqual(['authentication', 'authentication', 'authentication', null])
    expect(scene.states()[2]).toBe(null)
    expect(scene.status()).toBe('active')
  })

  it('is decided by the connection itself where the credential has no other', async () => {
    const scene = await start('openrouter')
    scene.connections = [scene.hit]
    scene.upstream.script = byMethod(list, refused(401))
    tryOn(scene.one.pool, scene.hit, failure('authentication'))
    await scene.settled()
    expect(scene.asked.map(({ model }) => model)).toEqual(['a'])
    expect(scene.status()).toBe('error')
  })

  it('spends nothing on connections that are spared from probes', async () => {
    const scene = await start('openrouter')
    scene.connections = scene.connections.map((connection) => ({ ...connection, probe: false }))
    tryOn(scene.one.pool, scene.hit, failure('authentication'))
    await scene.settled()
    expect(scene.asked).toEqual([])
    expect(scene.states()).toEqual(['authentication', null, null, null])
  })
})

it.each([['permission'], ['model_not_found'], ['quota']] as const)(
  'asks nothing after %s',
  async (reason) => {
    const scene = await start()
    tryOn(scene.one.pool, scene.hit, failure(reason))
    await scene.settled()
    expect(scene.upstream.requests).toEqual([])
    expect(scene.states()).toEqual([reason, null, null, null])
  },
)

it('leaves it to another replica to confirm what that one was refused', async () => {
  const scene = await start()
  const out = {
    kind: 'unhealthy',
    reason: 'authentication',
    message: 'no',
    ejections: 1,
    remainingMs: 30_000,
  } as const
  scene.one.pool.receive(scene.hit.id, out)
  await scene.settled()
  expect(scene.states()).toEqual(['authentication', null, null, null])
  expect(scene.upstream.requests).toEqual([])
})

describe('a credential in error', () => {
  async function startInError(): Promise<Scene> {
    const scene = await start()
    scene.upstream.script = () => refused(401)
    tryOn(scene.one.pool, scene.hit, failure('authentication'))
    await scene.settled()
    expect(scene.status()).toBe('error')
    return scene
  }

  it('is asked about no more by the trials that fail', async () => {
    const scene = await startInError()
    const before = scene.upstream.requests.length
    await scene.advance(60_000)
    tryOn(scene.one.pool, scene.hit, failure('authentication'))
    await scene.settled()
    expect(scene.upstream.requests).toHaveLength(before)
    expect(scene.status()).toBe('error')
  })

  it('is well again with the first trial that passes, and all its connections return', async () => {
    const scene = await startInError()
    scene.upstream.script = () => chatAnswer
    await scene.advance(60_000)
    const hold = scene.one.pool.acquire(scene.one.pool.entry(scene.hit))
    hold.answered()
    expect(scene.states()).toEqual([null, null, null, null])
    expect(scene.status()).toBe('active')
    hold.settle({ kind: 'success', firstByteMs: 10 })
  })

  it('is well again with a trial whose whole answer came at once', async () => {
    const scene = await startInError()
    scene.upstream.script = () => chatAnswer
    await scene.advance(60_000)
    const hold = scene.one.pool.acquire(scene.one.pool.entry(scene.hit))
    hold.settle({ kind: 'success', firstByteMs: 10 })
    expect(scene.states()).toEqual([null, null, null, null])
    expect(scene.status()).toBe('active')
  })

  it('is well again too where another replica’s trial passes', async () => {
    const scene = await startInError()
    scene.one.pool.receive(scene.hit.id, { kind: 'ready' })
    expect(scene.states()).toEqual([null, null, null, null])
    expect(scene.status()).toBe('active')
  })

  it('stays so after a success that began before it was refused', async () => {
    const scene = await start()
    const early = scene.one.pool.acquire(scene.one.pool.entry(scene.hit))
    scene.upstream.script = () => refused(401)
    tryOn(scene.one.pool, scene.connections[1] as Connection, failure('authentication'))
    await scene.settled()
    await scene.advance(1_000)
    early.settle({ kind: 'success', firstByteMs: 10 })
    expect(scene.status()).toBe('error')
    expect(scene.states()[0]).toBe('authentication')
  })

  it('is another’s business once its secret has changed', async () => {
    const scene = await startInError()
    const credential = { ...scene.hit.credential, version: '2' }
    scene.connections = scene.connections.map((connection) =>
      connection.credential.id === credential.id ? { ...connection, credential } : connection,
    )
    expect(scene.one.evidence.credential(credential).status).toBe('active')
    expect(scene.states()).toEqual([null, null, null, null])
  })
})

it('is known in other replicas once they read of it', async () => {
  const made = await createFleet({ replicas: 2, isEnabled: false })
  fleet = made
  const credential = accountAt(made.upstream)
  made.connections = connectionsOf(credential, 'a')
  for (const { evidence } of made.replicas) evidence.start()
  const [one, other] = made.replicas as [Replica, Replica]
  made.upstream.script = () => refused(401)
  tryOn(one.pool, made.connections[0] as Connection, failure('authentication'))
  await made.advance(30_000)
  await other.evidence.refresh()
  expect(other.evidence.credential(credential)).toMatchObject({ status: 'error', reason: 'authentication' })
})
