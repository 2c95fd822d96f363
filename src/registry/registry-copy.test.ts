import { afterEach, expect, it } from 'vitest'
import type { RegistryPosition, Store } from '../store/contract.ts'
import { DECLARED_TRUE } from './declared-true.ts'
import { ROOT_KEY } from './root-key.ts'
import { settle } from './testing/clocks.ts'
import { createMemoryServer } from './testing/memory-store.ts'
import { addTeam, createReplicas, teamsOf } from './testing/replica.ts'

const { replica, stop } = createReplicas()
afterEach(stop)

interface Watched {
  readonly store: Store
  /** What was asked for, and whether everything was answered. */
  readonly asked: { since: RegistryPosition | null; whole: boolean }[]
  /** The blob that cannot be read. */
  refuse: string | null
  /** All that there is, as after a failover, is the next answer, once this resolves. */
  held: Promise<void> | null
}

function watch(inner: Store): Watched {
  const { registry, blobs } = inner
  const watched: Watched = {
    asked: [],
    refuse: null,
    held: null,
    store: {
      ...inner,
      blobs: {
        ...blobs,
        async get(name) {
          if (name === watched.refuse) throw new Error('no answer in time')
          return blobs.get(name)
        },
      },
      registry: {
        ...registry,
        async fetch(since) {
          const { held } = watched
          watched.held = null
          const changes = await registry.fetch(held === null ? since : null)
          await held
          watched.asked.push({ since, whole: changes.whole })
          return changes
        },
      },
    },
  }
  return watched
}

it('nothing large is read where it could not be judged', async () => {
  const server = createMemoryServer()
  const watched = watch(server.open())
  const one = replica({ store: watched.store })
  await one.sync.start()
  const before = watched.asked.length
  watched.refuse = DECLARED_TRUE
  await one.sync.refresh()
  expect(one.sync.status().kind).toBe('stale')
  expect(watched.asked).toHaveLength(before)
})

it('everything that was read and could not be taken is read again', async () => {
  const server = createMemoryServer()
  const watched = watch(server.open())
  const one = replica({ store: watched.store, acceptReset: true })
  await one.sync.start()
  await addTeam(one, 'first')
  const bringBack = server.remember()
  await addTeam(one, 'second')
  await settle()
  bringBack()
  watched.refuse = ROOT_KEY
  await one.sync.refresh()
  expect([one.sync.status().kind, teamsOf(one)]).toEqual(['stale', ['first', 'second']])
  watched.refuse = null
  watched.asked.length = 0
  await one.sync.refresh()
  expect([one.sync.status().kind, teamsOf(one)]).toEqual(['current', ['first']])
  expect(watched.asked).toEqual([{ since: null, whole: true }])
})

it('everything that was read and is older than what was written meanwhile is read again', async () => {
  const server = createMemoryServer()
  const watched = watch(server.open())
  const one = replica({ store: watched.store })
  await one.sync.start()
  await addTeam(one, 'first')
  await settle()
  let release: () => void = () => undefined
  watched.held = new Promise((resolve) => (release = resolve))
  const looking = one.sync.refresh()
  await settle()
  await addTeam(one, 'second')
  watched.asked.length = 0
  release()
  await looking
  await one.sync.refresh()
  expect(watched.asked.slice(0, 2)).toEqual([
    { since: { epoch: expect.any(String), revision: 1 }, whole: true },
    { since: null, whole: true },
  ])
  expect(teamsOf(one)).toEqual(['first', 'second'])
})
