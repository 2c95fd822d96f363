import { afterEach, describe, expect, it } from 'vitest'
import { MAX_ENTITY_BYTES } from '../store/contract.ts'
import { BatchTooLarge, EntityTooLarge } from './edit.ts'
import { nameKey } from './schema/names.ts'
import { newEntityId } from './stored/codec.ts'
import type { KindedRecord } from './stored/records.ts'
import { testModel, testTime } from './testing/large-registry.ts'
import { createMemoryServer, type MemoryServer } from './testing/memory-store.ts'
import { addTeam, createReplicas, reasonOf, type Replica, somebody, teamsOf } from './testing/replica.ts'

const { replica, stop } = createReplicas()
afterEach(stop)

const times = { created_by: 'somebody', created_at: testTime, updated_at: testTime }
const team = (name: string, id = newEntityId()): KindedRecord => ({
  kind: 'team',
  record: { id, version: 7, name, ...times },
})

/** A name once, as the control plane wants it. */
function addOnce({ editor }: Replica, name: string) {
  return editor.edit(somebody, (state) => {
    if (state.named('team', name) !== undefined) throw new Error('taken')
    return { puts: [team(name)], audit: [{ action: 'team.create', entity: null }], result: name }
  })
}

async function started(server: MemoryServer): Promise<Replica> {
  const made = replica({ store: server.open() })
  await made.sync.start()
  return made
}

describe('the editor', () => {
  it('answers with the change made and its version set, and everyone here sees it at once', async () => {
    const one = await started(createMemoryServer())
    const id = newEntityId()
    const first = await one.editor.edit(somebody, () => ({ puts: [team('a', id)], audit: [], result: 1 }))
    expect(first.state.teams.get(id)).toMatchObject({ name: 'a', version: 1 })
    expect(one.sync.state().teams).toEqual(first.state.teams)
    expect(one.sync.state().position).toEqual(first.state.position)
    const second = await one.editor.edit(somebody, () => ({ puts: [team('b', id)], audit: [], result: 2 }))
    expect(second.state.teams.get(id)).toMatchObject({ name: 'b', version: 2 })
    const third = await one.editor.edit(somebody, () => ({
      deletes: [{ kind: 'team', id }],
      audit: [],
      result: 3,
    }))
    expect(third.state.teams.size).toBe(0)
    expect([first.result, second.result, third.result]).toEqual([1, 2, 3])
  })

  it('writes nothing where there is nothing to write', async () => {
    const server = createMemoryServer()
    const one = await started(server)
    const { state, result } = await one.editor.edit(somebody, () => ({ audit: [], result: 'same' }))
    expect([state.position.revision, result, server.contents().audit.length]).toEqual([0, 'same', 0])
  })

  it('lets what a rule throws through, having written nothing', async () => {
    const server = createMemoryServer()
    const one = await started(server)
    await addOnce(one, 'Ä')
    await expect(addOnce(one, ' a\u0308 ')).rejects.toThrow('taken')
    expect([server.contents().entities.size, server.contents().audit.length]).toEqual([1, 1])
  })

  it('keeps rules over the whole state from racing: of replicas that want one name, one gets it', async () => {
    const server = createMemoryServer()
    server.mute(true)
    const all = await Promise.all(Array.from({ length: 5 }, () => started(server)))
    const outcomes = await Promise.all(all.map((one) => addOnce(one, 'only').then(() => 'made', String)))
    expect(outcomes.toSorted()).toEqual([...Array(4).fill('Error: taken'), 'made'])
    const [entity] = server.contents().entities.values()
    expect(server.contents().entities.size).toBe(1)
    expect(entity?.entity.json).toContain(nameKey('only'))
  })

  it('makes all of many changes at once, on one replica and on several', async () => {
    const server = createMemoryServer()
    const [one, two] = [await started(server), await started(server)]
    const names = Array.from({ length: 40 }, (_, index) => `team-${index}`)
    const made = await Promise.all(names.map((name, index) => reasonOf(addTeam(index % 2 ? one : two, name))))
    expect(new Set(made)).toEqual(new Set(['written']))
    await one.sync.refresh()
    expect(teamsOf(one)).toEqual(names.toSorted())
    expect(await one.audit.verify()).toMatchObject({ ok: true, from: 1, to: 40 })
  })

  it('turns away writers beyond a bound', async () => {
    const server = createMemoryServer()
    const one = await started(server)
    server.hang(true)
    const writes = Array.from({ length: 300 }, (_, index) => reasonOf(addTeam(one, `team-${index}`)))
    await expect(writes[299]).resolves.toBe('busy')
    server.hang(false)
    const reasons = await Promise.all(writes)
    expect(reasons.filter((reason) => reason === 'written')).toHaveLength(200)
    expect(reasons.filter((reason) => reason === 'busy')).toHaveLength(100)
  })

  it('gives up where others are always first', async () => {
    const server = createMemoryServer()
    const one = await started(server)
    Object.assign(one.store.registry, { commit: async () => ({ kind: 'conflict' }) })
    expect(await reasonOf(addTeam(one, 'a'))).toBe('busy')
  })

  it('says where it is not known whether a change was made, and finds out by itself', async () => {
    const server = createMemoryServer()
    server.mute(true)
    const one = await started(server)
    server.loseAnswers(true)
    expect(await reasonOf(addTeam(one, 'a'))).toBe('uncertain')
    server.loseAnswers(false)
    await addTeam(one, 'b')
    expect(teamsOf(one)).toEqual(['a', 'b'])
    expect(await one.audit.verify()).toMatchObject({ ok: true, to: 2 })
  })

  it('says so where a change is more than the store takes at once, which no second try would mend', async () => {
    const one = await started(createMemoryServer())
    Object.assign(one.store.registry, {
      commit: async () => {
        throw new BatchTooLarge(60_001, 50_000)
      },
    })
    const message = 'This is 60001 changes at once, of which the store takes 50000: nothing was changed.'
    await expect(addTeam(one, 'a')).rejects.toThrow(message)
  })

  it('refuses an entity that no store takes', async () => {
    const server = createMemoryServer()
    const one = await started(server)
    const record = { ...testModel(newEntityId(), 'large'), custom: { request: 'x'.repeat(MAX_ENTITY_BYTES) } }
    const change = { puts: [{ kind: 'model', record } as const], audit: [], result: null }
    await expect(one.editor.edit(somebody, () => change)).rejects.toBeInstanceOf(EntityTooLarge)
    expect(server.contents().entities.size).toBe(0)
  })
})
