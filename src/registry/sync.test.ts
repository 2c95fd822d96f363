import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { declareTrue } from './declared-true.ts'
import { settle } from './testing/clocks.ts'
import { createMemoryServer } from './testing/memory-store.ts'
import {
  addTeam,
  createReplicas,
  reasonOf,
  type Replica,
  type ReplicaOptions,
  sameKey,
  somebody,
  teamsOf,
} from './testing/replica.ts'
import { createTestVault, encodedKey } from './testing/vault.ts'

const { replica, stop } = createReplicas()
afterEach(stop)

describe('replicas of one registry', () => {
  it('begin with what is there, and see each other’s changes as soon as they are told', async () => {
    const server = createMemoryServer()
    const [one, two] = [replica({ store: server.open() }), replica({ store: server.open() })]
    await one.sync.start()
    await addTeam(one, 'first')
    await two.sync.start()
    expect(two.sync.status()).toMatchObject({ kind: 'current', source: 'store', reason: null })
    expect(teamsOf(two)).toEqual(['first'])
    await addTeam(two, 'second')
    await settle()
    expect(teamsOf(one)).toEqual(['first', 'second'])
    expect(sameKey(one.sync.keys()?.version, two.sync.keys()?.version)).toBe(true)
  })

  it('look for what they were not told of every five seconds', async () => {
    const server = createMemoryServer()
    const [one, two] = [replica({ store: server.open() }), replica({ store: server.open() })]
    await one.sync.start()
    await two.sync.start()
    server.mute(true)
    await addTeam(one, 'first')
    await settle()
    expect(teamsOf(two)).toEqual([])
    two.time.pass(4_999)
    await settle()
    expect(teamsOf(two)).toEqual([])
    two.time.pass(1)
    await settle()
    expect(teamsOf(two)).toEqual(['first'])
  })

  it('tell listeners of each state once', async () => {
    const server = createMemoryServer()
    const one = replica({ store: server.open() })
    const heard: number[] = []
    const leave = one.sync.onState((state) => heard.push(state.position.revision))
    await one.sync.start()
    await addTeam(one, 'first')
    await settle()
    one.time.pass(20_000)
    await settle()
    leave()
    await addTeam(one, 'second')
    expect(heard).toEqual([0, 1])
  })

  it('do not take an answer that is older than what they wrote meanwhile for a loss', async () => {
    const server = createMemoryServer()
    const one = replica({ store: server.open() })
    await one.sync.start()
    await addTeam(one, 'first')
    const store = server.open()
    const before = await store.registry.fetch(null)
    const states: string[] = []
    one.sync.onStatus(({ kind }) => states.push(kind))
    let release: () => void = () => undefined
    const registry = one.store.registry
    const usual = { ...registry }
    Object.assign(registry, {
      fetch: () =>
        new Promise((resolve) => {
          release = () => resolve({ ...before, whole: false, entities: [] })
        }),
    })
    const looking = one.sync.refresh()
    await settle()
    await addTeam(one, 'second')
    Object.assign(registry, usual)
    release()
    await looking
    expect(states).toEqual([])
    expect(teamsOf(one)).toEqual(['first', 'second'])
  })
})

describe('replicas, whatever befalls them but loss', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), who: fc.nat(2), team: fc.nat(9) }),
    fc.record({ kind: fc.constant('pass' as const), who: fc.nat(2), ms: fc.nat(6_000) }),
    fc.record({ kind: fc.constantFrom('down' as const, 'mute' as const, 'lose' as const), is: fc.boolean() }),
    fc.record({ kind: fc.constant('wait' as const) }),
  )

  it('never go back, and agree with the store in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const server = createMemoryServer()
        const all = [0, 1, 2].map(() => replica({ store: server.open() }))
        const revisions = all.map(({ sync }) => {
          const heard: number[] = []
          sync.onState(({ position }) => heard.push(position.revision))
          return heard
        })
        const writes: Promise<string>[] = []
        await Promise.all(all.map(({ sync }) => sync.start()))
        for (const next of steps) {
          if (next.kind === 'write') writes.push(reasonOf(addTeam(at(all, next.who), `team-${next.team}`)))
          if (next.kind === 'pass') at(all, next.who).time.pass(next.ms)
          if (next.kind === 'down') server.down(next.is)
          if (next.kind === 'mute') server.mute(next.is)
          if (next.kind === 'lose') server.loseAnswers(next.is)
          if (next.kind === 'wait') await settle()
        }
        const ends = new Set(await Promise.all(writes))
        server.loseAnswers(false)
        server.down(false)
        for (const { time } of all) time.pass(6_000)
        await settle()
        await settle()
        const { entities, position } = server.contents()
        for (const one of all) {
          expect(one.sync.status().kind).toBe('current')
          expect(one.sync.state().position).toEqual(position)
          expect(teamsOf(one)).toHaveLength(entities.size)
        }
        for (const heard of revisions) expect(heard).toEqual([...new Set(heard)].toSorted((a, b) => a - b))
        expect([...ends].filter((end) => !['written', 'down', 'uncertain'].includes(end))).toEqual([])
        expect(await at(all, 0).audit.verify()).toMatchObject({ ok: true })
        await stop()
      }),
      { numRuns: 100 },
    )
  }, 60_000)
})

function at(all: readonly Replica[], index: number): Replica {
  const one = all[index]
  if (one === undefined) throw new Error('there is no such replica')
  return one
}

describe('a store that is down', () => {
  it('leaves the last state in use, refuses writes, and is agreed with again on its return', async () => {
    const server = createMemoryServer()
    const [one, two] = [replica({ store: server.open() }), replica({ store: server.open() })]
    await one.sync.start()
    await two.sync.start()
    await addTeam(one, 'first')
    await settle()
    server.down(true)
    expect(one.sync.status()).toMatchObject({ kind: 'stale', source: 'store' })
    one.time.pass(12_000)
    await settle()
    expect(one.sync.status()).toMatchObject({ kind: 'stale', sinceMs: 12_000 })
    expect(one.sync.ageMs()).toBe(12_000)
    expect(teamsOf(one)).toEqual(['first'])
    expect(await reasonOf(addTeam(one, 'second'))).toBe('down')
    server.down(false)
    await settle()
    expect(one.sync.status().kind).toBe('current')
    expect(one.sync.ageMs()).toBe(0)
    await addTeam(one, 'third')
    await settle()
    expect(teamsOf(two)).toEqual(['first', 'third'])
  })

  it('that accepts and does not answer is neither waited for twice nor believed lost', async () => {
    const server = createMemoryServer()
    const one = replica({ store: server.open() })
    await one.sync.start()
    await addTeam(one, 'first')
    await settle()
    server.hang(true)
    one.time.pass(5_000)
    await settle()
    const calls = server.calls()
    one.time.pass(60_000)
    await settle()
    expect(server.calls()).toBe(calls)
    expect(teamsOf(one)).toEqual(['first'])
    server.down(true)
    server.hang(false)
    await settle()
    expect(one.sync.status().kind).toBe('stale')
    server.down(false)
    await settle()
    expect(one.sync.status().kind).toBe('current')
  })

  it('at the start is asked again until it answers', async () => {
    const server = createMemoryServer()
    server.down(true)
    const one = replica({ store: server.open() })
    await one.sync.start()
    expect(one.sync.status()).toMatchObject({ kind: 'starting', source: 'none' })
    expect([one.sync.keys(), one.sync.ageMs()]).toEqual([null, null])
    expect(await reasonOf(addTeam(one, 'first'))).toBe('down')
    one.time.pass(3_000)
    await settle()
    expect(one.sync.status().kind).toBe('starting')
    server.down(false)
    await settle()
    expect(one.sync.status().kind).toBe('current')
  })

  it('is left alone once the owner has stopped', async () => {
    const server = createMemoryServer()
    const [one, two] = [replica({ store: server.open() }), replica({ store: server.open() })]
    await one.sync.start()
    await two.sync.start()
    await one.sync.stop()
    await addTeam(two, 'first')
    await two.sync.stop()
    const calls = server.calls()
    server.down(true)
    server.down(false)
    one.time.pass(60_000)
    await one.sync.refresh()
    await settle()
    expect([server.calls() - calls, one.time.pending(), teamsOf(one)]).toEqual([0, 0, []])
  })
})

describe('a store that has lost what was in it', () => {
  async function scene(options: Partial<ReplicaOptions> = {}) {
    const server = createMemoryServer()
    const one = replica({ store: server.open(), ...options })
    await one.sync.start()
    await addTeam(one, 'first')
    const back = server.remember()
    await addTeam(one, 'second')
    await addTeam(one, 'third')
    return { server, one, back }
  }

  it.each<['emptied' | 'behind', string]>([
    ['emptied', 'is empty'],
    ['behind', 'lacks its last commits'],
  ])('%s: it is not believed, and nothing is written', async (how) => {
    const { server, one, back } = await scene()
    if (how === 'emptied') server.empty()
    else back()
    const contents = JSON.stringify([...server.contents().entities])
    one.time.pass(5_000)
    await settle()
    expect(one.sync.status()).toMatchObject({ kind: 'suspect', source: 'store' })
    expect(teamsOf(one)).toEqual(['first', 'second', 'third'])
    expect(await reasonOf(addTeam(one, 'fourth'))).toBe('suspect')
    expect(await reasonOf(one.audit.append(somebody, [{ action: 'x', entity: null }]))).toBe('suspect')
    expect(JSON.stringify([...server.contents().entities])).toBe(contents)
    expect(server.contents().blobs.has('root-key')).toBe(how === 'behind')
  })

  it('is found out by a write, too', async () => {
    const { server, one } = await scene()
    server.empty()
    expect(await reasonOf(addTeam(one, 'fourth'))).toBe('suspect')
    expect(server.contents().entities.size).toBe(0)
  })

  it('stays disbelieved though others write to it, and though it is down in between', async () => {
    const { server, one, back } = await scene()
    back()
    one.time.pass(5_000)
    await settle()
    const other = replica({ store: server.open() })
    await other.sync.start()
    for (const name of ['a', 'b', 'c', 'd', 'e']) await addTeam(other, name)
    server.down(true)
    server.down(false)
    await settle()
    one.time.pass(5_000)
    await settle()
    expect(one.sync.status().kind).toBe('suspect')
    expect(teamsOf(one)).toEqual(['first', 'second', 'third'])
  })

  it('is believed again where it is the former registry after all', async () => {
    const { server, one } = await scene()
    const back = server.remember()
    server.empty()
    one.time.pass(5_000)
    await settle()
    expect(one.sync.status().kind).toBe('suspect')
    back()
    one.time.pass(5_000)
    await settle()
    expect(one.sync.status().kind).toBe('current')
    expect(teamsOf(one)).toEqual(['first', 'second', 'third'])
    await addTeam(one, 'fourth')
    expect(teamsOf(one)).toEqual(['first', 'fourth', 'second', 'third'])
  })

  it.each<['emptied' | 'behind']>([['emptied'], ['behind']])(
    '%s: it is believed by every replica once somebody says so, and not for the next loss',
    async (how) => {
      const { server, one, back } = await scene()
      const root = one.sync.keys()?.root
      if (how === 'emptied') server.empty()
      else back()
      one.time.pass(5_000)
      await settle()
      expect(one.sync.status().kind).toBe('suspect')
      const store = server.open()
      await declareTrue({ blobs: store.blobs, vault: one.vault }, server.contents().position.epoch)
      one.time.pass(5_000)
      await settle()
      expect(one.sync.status().kind).toBe('current')
      expect(teamsOf(one)).toEqual(how === 'emptied' ? [] : ['first'])
      expect(sameKey(one.sync.keys()?.root, root)).toBe(true)
      await addTeam(one, 'fourth')
      const early = server.remember()
      await addTeam(one, 'fifth')
      early()
      one.time.pass(5_000)
      await settle()
      expect(one.sync.status().kind).toBe('suspect')
    },
  )

  it('is believed at once with accept_reset, and by the others too', async () => {
    const { server, one } = await scene()
    const other = replica({ store: server.open(), acceptReset: true })
    await other.sync.start()
    server.empty()
    one.time.pass(5_000)
    await settle()
    expect(one.sync.status().kind).toBe('suspect')
    other.time.pass(5_000)
    await settle()
    expect(other.sync.status().kind).toBe('current')
    one.time.pass(5_000)
    await settle()
    expect(one.sync.status().kind).toBe('current')
    expect([teamsOf(one), teamsOf(other)]).toEqual([[], []])
  })
})

describe('a wrong master key', () => {
  it('is said at the start', async () => {
    const server = createMemoryServer()
    const one = replica({ store: server.open() })
    await one.sync.start()
    const two = replica({ store: server.open(), vault: createTestVault(encodedKey(2)) })
    await expect(two.sync.start()).rejects.toThrow('is not the one this was sealed under')
    expect(two.time.pending()).toBe(0)
    const three = replica({ store: server.open(), vault: createTestVault(`new:${encodedKey(2)}`) })
    await expect(three.sync.start()).rejects.toThrow('"default", which is not configured')
  })
})
