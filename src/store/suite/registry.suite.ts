import { describe, expect, it } from 'vitest'
import {
  type CommitResult,
  type EntityKey,
  MAX_ENTITY_BYTES,
  type RegistryBatch,
  type RegistryChanges,
  type RegistryPosition,
  type Store,
  type StoredEntity,
} from '../contract.ts'
import { type CreateHarness, eventually, useHarness } from './harness.suite.ts'

const nothing: RegistryBatch = { puts: [], deletes: [], audit: [] }

export function entity(id: string, json = `{"id":"${id}"}`): StoredEntity {
  return { kind: 'connection', id, json }
}

function keyOf({ kind, id }: EntityKey): EntityKey {
  return { kind, id }
}

function positionOf(result: CommitResult): RegistryPosition {
  if (result.kind !== 'committed') throw new Error('a conflict')
  return result.position
}

function sorted<Key extends EntityKey>(keys: readonly Key[]): Key[] {
  return keys.toSorted((one, other) => (`${one.kind} ${one.id}` < `${other.kind} ${other.id}` ? -1 : 1))
}

/** Commits onto whatever is there. */
async function write({ registry }: Store, batch: Partial<RegistryBatch>): Promise<RegistryPosition> {
  const { position } = await registry.fetch(null)
  return positionOf(await registry.commit({ ...nothing, ...batch }, position))
}

export function registryContract(name: string, createHarness: CreateHarness): void {
  describe(`${name}: registry`, () => {
    const { open, openReplicas } = useHarness(createHarness)

    it('begins empty, at revision 0 of an epoch that it keeps', async () => {
      const store = await open()
      const first = await store.registry.fetch(null)
      expect(first).toEqual({
        position: { epoch: expect.stringMatching(/^.{8,}$/), revision: 0 },
        whole: true,
        entities: [],
        deleted: [],
      })
      expect((await store.registry.fetch(first.position)).position).toEqual(first.position)
      await store.close()
      expect((await (await open()).registry.fetch(null)).position).toEqual(first.position)
    })

    it('draws one epoch for all who ask first', async () => {
      const stores = await Promise.all([open(), open(), open()])
      const answers = await Promise.all(
        stores.flatMap(({ registry }) => [registry.fetch(null), registry.fetch({ epoch: 'x', revision: 3 })]),
      )
      expect(new Set(answers.map(({ position }) => position.epoch)).size).toBe(1)
    })

    it('keeps what was written, text as it was, each kind apart', async () => {
      const store = await open()
      const odd = [
        entity('a', '{"text":"\\u0000 \u2028 😀 \'"; -- 日本"}'),
        { ...entity('a', '{}'), kind: 'model' as const },
        entity('x:y z', ''),
        { ...entity('x:y z', ' '), kind: 'key' as const },
      ]
      const position = await write(store, { puts: odd })
      expect(position.revision).toBe(1)
      await store.close()
      const changes = await (await open()).registry.fetch(null)
      expect(changes).toMatchObject({ position, whole: true, deleted: [] })
      expect(sorted(changes.entities)).toEqual(sorted(odd))
    })

    it('keeps the newest of an entity', async () => {
      const store = await open()
      await write(store, { puts: [entity('a', '1'), entity('b', '1')] })
      await write(store, { puts: [entity('a', '2')], deletes: [keyOf(entity('b'))] })
      expect((await store.registry.fetch(null)).entities).toEqual([entity('a', '2')])
      await write(store, { puts: [entity('b', '3')] })
      expect(sorted((await store.registry.fetch(null)).entities)).toEqual([
        entity('a', '2'),
        entity('b', '3'),
      ])
    })

    it('counts a batch once, whatever is in it, even where it deletes what is not there', async () => {
      const store = await open()
      const { epoch } = (await store.registry.fetch(null)).position
      const puts = Array.from({ length: 50 }, (_, index) => entity(`e${index}`))
      expect(await write(store, { puts })).toEqual({ epoch, revision: 1 })
      expect(await write(store, { deletes: [keyOf(entity('none'))] })).toEqual({ epoch, revision: 2 })
      const changes = await store.registry.fetch({ epoch, revision: 1 })
      expect(changes.position).toEqual({ epoch, revision: 2 })
      expect(changes).toMatchObject({ entities: [], deleted: [] })
    })

    it('takes an entity up to its bound and refuses one beyond it, with all of its batch', async () => {
      const store = await open()
      const { position } = await store.registry.fetch(null)
      const small = entity('small')
      const large = entity('large', 'é'.repeat(MAX_ENTITY_BYTES / 2 + 1))
      const commit = store.registry.commit({ ...nothing, puts: [small, large] }, position)
      await expect(commit).rejects.toThrow('larger than')
      expect((await store.registry.fetch(null)).entities).toEqual([])
      const largest = entity('large', 'é'.repeat(MAX_ENTITY_BYTES / 2))
      await write(store, {
        puts: [small, largest, { ...largest, id: 'larger' }, { ...largest, id: 'largest' }],
      })
      expect((await store.registry.fetch(null)).entities).toHaveLength(4)
    })

    it('writes no change of which it is not said what it is built on', async () => {
      const { registry } = await open()
      const { position } = await registry.fetch(null)
      await expect(registry.commit({ ...nothing, puts: [entity('a')] }, null)).rejects.toThrow('position')
      expect((await registry.fetch(null)).position).toEqual(position)
    })

    it('refuses what is built on another position, and writes nothing of it', async () => {
      const store = await open()
      const position = await write(store, { puts: [entity('a', '1')] })
      const batch = {
        puts: [entity('a', '2'), entity('b')],
        deletes: [],
        audit: [{ sequence: 1, at: 1, json: '{}' }],
      }
      const wrong = [
        { ...position, revision: 0 },
        { ...position, revision: 2 },
        { ...position, epoch: `${position.epoch}x` },
      ]
      for (const expected of wrong) {
        expect(await store.registry.commit(batch, expected)).toEqual({ kind: 'conflict' })
      }
      expect(await store.registry.fetch(null)).toMatchObject({ position, entities: [entity('a', '1')] })
      expect(await store.audit.last()).toBeNull()
    })

    it('lets one of several writers through at each revision', async () => {
      const stores = await Promise.all([open(), open(), open()])
      for (let revision = 0; revision < 5; revision += 1) {
        const positions = await Promise.all(
          stores.map(async ({ registry }) => (await registry.fetch(null)).position),
        )
        const results = await Promise.all(
          stores.flatMap(({ registry }, writer) =>
            ['x', 'y'].map((id) =>
              registry.commit({ ...nothing, puts: [entity(id, `${writer}`)] }, positions[writer] ?? null),
            ),
          ),
        )
        expect(results.filter(({ kind }) => kind === 'committed')).toHaveLength(1)
      }
      const { position } = stores[0] === undefined ? { position: null } : await stores[0].registry.fetch(null)
      expect(position).toMatchObject({ revision: 5 })
    })

    it('tells every replica of a commit, whoever made it, and nobody of a conflict or of audit entries', async () => {
      const [writer, reader] = await openReplicas<[Store, Store]>(2)
      const heard: RegistryPosition[] = []
      const own: RegistryPosition[] = []
      const ended: RegistryPosition[] = []
      writer.registry.watch((position) => own.push(position))
      writer.registry.watch(() => {
        throw new Error('a listener that fails')
      })
      reader.registry.watch((position) => heard.push(position))
      reader.registry.watch((position) => ended.push(position))()
      const { position } = await writer.registry.fetch(null)
      await writer.registry.commit({ ...nothing, audit: [{ sequence: 1, at: 1, json: '{}' }] }, null)
      const first = positionOf(await writer.registry.commit({ ...nothing, puts: [entity('a')] }, position))
      expect(await writer.registry.commit({ ...nothing, puts: [entity('a')] }, position)).toEqual({
        kind: 'conflict',
      })
      const second = positionOf(
        await writer.registry.commit({ ...nothing, deletes: [keyOf(entity('a'))] }, first),
      )
      expect(
        await eventually(
          () => heard,
          ({ length }) => length === 2,
        ),
      ).toEqual([first, second])
      expect(
        await eventually(
          () => own,
          ({ length }) => length === 2,
        ),
      ).toEqual([first, second])
      expect(ended).toEqual([])
    })
  })

  sinceContract(name, createHarness)
  largeContract(name, createHarness)
}

function sinceContract(name: string, createHarness: CreateHarness): void {
  describe(`${name}: registry, what changed since`, () => {
    const { open, openReplicas } = useHarness(createHarness)

    it('is what was written and deleted after it, each entity once', async () => {
      const store = await open()
      await write(store, { puts: ['a', 'b', 'c', 'd'].map((id) => entity(id, '1')) })
      const since = (await store.registry.fetch(null)).position
      await write(store, { puts: [entity('a', '2'), entity('e', '2')], deletes: [keyOf(entity('b'))] })
      await write(store, { puts: [entity('a', '3'), entity('b', '3')], deletes: [keyOf(entity('c'))] })
      await write(store, { deletes: [keyOf(entity('e')), keyOf(entity('never'))] })
      const changes = await store.registry.fetch(since)
      expect(changes).toMatchObject({ whole: false, position: { ...since, revision: 4 } })
      expect(sorted(changes.entities)).toEqual([entity('a', '3'), entity('b', '3')])
      expect(sorted(changes.deleted)).toEqual([keyOf(entity('c')), keyOf(entity('e'))])
    })

    it('is nothing where nothing was', async () => {
      const store = await open()
      await write(store, { puts: [entity('a')], deletes: [] })
      const { position } = await store.registry.fetch(null)
      expect(await store.registry.fetch(position)).toEqual({
        position,
        whole: false,
        entities: [],
        deleted: [],
      })
    })

    it('deletes where a batch both puts and deletes', async () => {
      const store = await open()
      const { position } = await store.registry.fetch(null)
      await write(store, { puts: [entity('a')], deletes: [keyOf(entity('a'))] })
      const changes = await store.registry.fetch(position)
      expect(changes.entities).toEqual([])
    })

    it('is everything where the position is of another epoch, or ahead', async () => {
      const store = await open()
      const position = await write(store, { puts: [entity('a'), entity('b')], deletes: [keyOf(entity('b'))] })
      const whole: RegistryChanges = { position, whole: true, entities: [entity('a')], deleted: [] }
      await store.registry.fetch(null)
      expect(await store.registry.fetch({ epoch: 'another', revision: 1 })).toEqual(whole)
      expect(await store.registry.fetch({ ...position, revision: 2 })).toEqual(whole)
    })

    it('is everything where more was deleted since than is remembered', async () => {
      const store = await open()
      const first = await store.registry.fetch(null)
      const many = Array.from({ length: 5_010 }, (_, index) => entity(`e${index}`, '{}'))
      const made = await write(store, { puts: many })
      await write(store, { deletes: many.map(keyOf) })
      const some = await store.registry.fetch(made)
      expect(some.whole).toBe(false)
      expect(some.deleted).toHaveLength(5_010)
      // What has come back is not forgotten with the others.
      const back = many.slice(0, 3)
      const returned = many.map((one) => ({ ...one, id: `${one.id}-2` }))
      const again = await write(store, { puts: [...back, ...returned] })
      await write(store, { deletes: many.map(({ kind, id }) => ({ kind, id: `${id}-2` })) })
      const last = await write(store, { puts: [entity('left')] })
      const late = await store.registry.fetch(again)
      expect(late.whole).toBe(false)
      expect(late.deleted).toHaveLength(5_010)
      expect(late.entities).toEqual([entity('left')])
      for (const since of [first.position, made]) {
        const changes = await store.registry.fetch(since)
        expect(changes).toMatchObject({ position: last, whole: true, deleted: [] })
        expect(sorted(changes.entities)).toEqual(sorted([...back, entity('left')]))
      }
    })

    it('brings every follower to the same, whatever is written meanwhile', async () => {
      const [writer, follower] = await openReplicas<[Store, Store]>(2)
      const known = new Map<string, string>()
      let since: RegistryPosition | null = null
      const follow = async () => {
        const changes = await follower.registry.fetch(since)
        if (changes.whole) known.clear()
        expect(changes.position.revision).toBeGreaterThanOrEqual(since?.revision ?? 0)
        for (const { kind, id, json } of changes.entities) known.set(`${kind} ${id}`, json)
        for (const { kind, id } of changes.deleted) known.delete(`${kind} ${id}`)
        since = changes.position
      }
      let isWriting = true
      const following = (async () => {
        while (isWriting) await follow()
      })()
      for (let round = 0; round < 40; round += 1) {
        const ids = Array.from({ length: 7 }, (_, index) => `e${(round * 5 + index * 3) % 23}`)
        await write(writer, {
          puts: ids.slice(0, 4).map((id) => entity(id, `${round}`)),
          deletes: ids.slice(4).map((id) => keyOf(entity(id))),
        })
      }
      isWriting = false
      await following
      await follow()
      const { entities, position } = await writer.registry.fetch(null)
      expect(since).toEqual(position)
      expect(known).toEqual(new Map(entities.map(({ kind, id, json }) => [`${kind} ${id}`, json])))
    })
  })
}

function largeContract(name: string, createHarness: CreateHarness): void {
  describe(`${name}: registry of 20,000 entities`, () => {
    const { open, openReplicas } = useHarness(createHarness)
    const json = (round: number) => JSON.stringify({ round, text: 'x'.repeat(300) })
    const many = (round: number) =>
      Array.from({ length: 20_000 }, (_, index) => entity(`e${index}`, json(round)))

    it('is written as one and read as one', async () => {
      const store = await open()
      const position = await write(store, { puts: many(0) })
      const changes = await store.registry.fetch(null)
      expect(changes).toMatchObject({ position, whole: true })
      expect(new Set(changes.entities.map(({ id }) => id)).size).toBe(20_000)
      expect(changes.entities).toHaveLength(20_000)
    })

    it('is read as it was at one moment, while others write', async () => {
      const [writer, reader] = await openReplicas<[Store, Store]>(2)
      let position = await write(writer, { puts: many(0) })
      let isReading = true
      const writing = (async () => {
        // Each commit marks both ends of the log, and takes one away from the middle.
        for (let round = 1; isReading; round += 1) {
          const marks = [entity('e0', `${round}`), entity('e19999', `${round}`)]
          const batch = { ...nothing, puts: marks, deletes: [keyOf(entity(`e${10_000 + round}`))] }
          position = positionOf(await writer.registry.commit(batch, position))
        }
      })()
      for (let read = 0; read < 3; read += 1) {
        const changes = await reader.registry.fetch(null)
        const round = changes.position.revision - 1
        const ids = new Map(changes.entities.map((one) => [one.id, one.json]))
        expect(ids.size).toBe(20_000 - round)
        expect(ids.size).toBe(changes.entities.length)
        const mark = round === 0 ? json(0) : `${round}`
        expect([ids.get('e0'), ids.get('e19999')]).toEqual([mark, mark])
        expect(ids.has(`e${10_001 + round}`)).toBe(true)
        expect(round === 0 || !ids.has(`e${10_000 + round}`)).toBe(true)
      }
      isReading = false
      await writing
    })
  })
}
