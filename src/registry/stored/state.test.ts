import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EntityKey, StoredEntity } from '../../store/contract.ts'
import { testConnection, testId, testModel } from '../testing/large-registry.ts'
import { changesSince, commitTo, emptyContents } from '../testing/memory-contents.ts'
import { decodeRecord, encodeRecord, newEntityId } from './codec.ts'
import type { KindedRecord } from './records.ts'
import { emptyState, type StoredState } from './state.ts'

/** Everything that a state says, in an order of its own. */
function told(state: StoredState) {
  const sorted = (map: ReadonlyMap<string, unknown>) =>
    [...map].toSorted(([one], [other]) => (one < other ? -1 : Number(one > other)))
  const models = [...Array(6).keys()].map((index) => testId('a', index))
  const credentials = [...Array(4).keys()].map((index) => testId('c', index))
  return {
    position: state.position,
    models: sorted(state.models),
    connections: sorted(state.connections),
    unreadable: sorted(state.unreadable),
    byName: ['zero', 'ONE', 'two'].map((name) => state.named('model', name)),
    byModel: models.map((id) => state.connectionsOfModel(id)),
    byCredential: credentials.map((id) => state.connectionsOfCredential(id)),
  }
}

const names = ['Zero', 'one', 'Two', 'three']
const step = fc.record({
  puts: fc.array(fc.tuple(fc.nat(5), fc.nat(3), fc.nat(3), fc.boolean()), { maxLength: 4 }),
  deletes: fc.array(fc.nat(5), { maxLength: 2 }),
  isConnections: fc.boolean(),
  /** Whether a reader looks after this. */
  isSeen: fc.boolean(),
})

function entityOf(
  [index, name, other, isReadable]: [number, number, number, boolean],
  isConnection: boolean,
): StoredEntity {
  const id = testId(isConnection ? 'b' : 'a', index)
  if (!isReadable) return { kind: isConnection ? 'connection' : 'model', id, json: '{"format":2}' }
  const connection = testConnection(id, testId('a', other), testId('c', name), `c${name}`)
  return encodeRecord(
    isConnection
      ? { kind: 'connection', record: { ...connection, added_on: `2026-01-0${name + 1}` } }
      : { kind: 'model', record: testModel(id, names[name] ?? '') },
  )
}

describe('the stored state', () => {
  it('is the same whether it was read as a whole or change by change', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const contents = emptyContents()
        let state = emptyState.apply(changesSince(contents, null))
        for (const { puts, deletes, isConnections, isSeen } of steps) {
          const kind = isConnections ? 'connection' : 'model'
          const entities = new Map(puts.map((put) => [put[0], entityOf(put, isConnections)]))
          const gone: EntityKey[] = deletes
            .filter((index) => !entities.has(index))
            .map((index) => ({ kind, id: testId(isConnections ? 'b' : 'a', index) }))
          commitTo(contents, { puts: [...entities.values()], deletes: gone, audit: [] }, contents.position)
          if (isSeen) state = state.apply(changesSince(contents, state.position))
        }
        state = state.apply(changesSince(contents, state.position))
        expect(told(state)).toEqual(told(emptyState.apply(changesSince(contents, null))))
      }),
      { numRuns: 300 },
    )
  })

  it('leaves the state it came from as it was', () => {
    const model = encodeRecord({ kind: 'model', record: testModel(testId('a', 1), 'one') })
    const position = { epoch: 'e', revision: 1 }
    const first = emptyState.apply({ position, whole: true, entities: [model], deleted: [] })
    const before = told(first)
    first.apply({ position, whole: false, entities: [], deleted: [model] })
    expect(told(first)).toEqual(before)
    expect(emptyState.models.size).toBe(0)
  })

  it('keeps what it cannot read apart, until it can', () => {
    const id = testId('a', 1)
    const position = { epoch: 'e', revision: 1 }
    const readable = encodeRecord({ kind: 'model', record: testModel(id, 'one') })
    const at = (json: string) => ({ position, whole: false, entities: [{ ...readable, json }], deleted: [] })
    const first = emptyState.apply(at(readable.json))
    const second = first.apply(at('{"format":9,"record":{}}'))
    expect([second.models.size, second.named('model', 'one')]).toEqual([0, undefined])
    expect([...second.unreadable.values()]).toMatchObject([
      { entity: { kind: 'model', id }, message: 'was written by another version of the gateway' },
    ])
    expect(second.apply(at(readable.json)).unreadable.size).toBe(0)
    expect(second.apply(at(readable.json)).models.size).toBe(1)
  })
})

describe('a record', () => {
  const records: KindedRecord[] = [
    {
      kind: 'credential',
      record: {
        id: newEntityId(),
        version: 3,
        name: null,
        creds_type: 'AWS',
        provider: null,
        status: 'inactive',
        settings: { aws_region: 'us-east-1', expires_at: '2030-01-01' },
        sealed: 'AAAA',
        secrets: { aws_secret_access_key: { fingerprint: '01234567', updated_at: '2026' } },
        inline_of: testId('b', 1),
        created_by: 'a',
        created_at: 'b',
        updated_at: 'c',
        rotated_at: 'd',
      },
    },
    {
      kind: 'model',
      record: {
        ...testModel(newEntityId(), 'ü'),
        team_access: ['x'],
        custom: { url: 'y' },
        embedding_dimensions: 3,
      },
    },
    {
      kind: 'connection',
      record: {
        ...testConnection(newEntityId(), 'a', 'b', 'c'),
        overrides: {
          set: { deep: [{ a: null }] },
          drop: ['x'],
          headers: { a: 'b' },
          capabilities: { c: true },
        },
        region: 'eu',
        weight: 0.5,
      },
    },
    {
      kind: 'team',
      record: { id: newEntityId(), version: 1, name: 'n', created_by: 'a', created_at: 'b', updated_at: 'c' },
    },
    {
      kind: 'key',
      record: {
        id: newEntityId(),
        version: 1,
        name: 'n',
        team: 't',
        models: ['m'],
        token_id: 'j',
        expires_at: 'e',
        created_by: 'a',
        created_at: 'b',
        revoked_at: null,
      },
    },
    {
      kind: 'route',
      record: {
        id: newEntityId(),
        version: 1,
        name: 'n',
        stages: { planning: ['m'] },
        default: ['m'],
        created_by: 'a',
        created_at: 'b',
        updated_at: 'c',
      },
    },
  ]

  it.each(records.map((record) => [record.kind, record] as const))(
    'comes back as it was: %s',
    (_, record) => {
      expect(decodeRecord(encodeRecord(record))).toEqual(record)
    },
  )

  it.each([
    ['no JSON', 'planted'],
    ['no object', '3'],
    ['nothing', 'null'],
    ['of another version', '{"format":2,"record":{}}'],
    ['without its fields', '{"format":1,"record":{}}'],
  ])('that is %s is not read, and not shown', (_, json) => {
    for (const kind of ['credential', 'key'] as const) {
      const read = decodeRecord({ kind, id: 'x', json })
      expect(read).toEqual({ message: expect.any(String) })
      expect(JSON.stringify(read)).not.toContain('planted')
    }
  })

  it('with a field too many, or kept under another’s id, is not read', () => {
    const [, model] = records
    if (model === undefined) throw new Error('no record')
    const { kind, id } = encodeRecord(model)
    const more = JSON.stringify({ format: 1, record: { ...model.record, surprise: 'planted' } })
    expect(decodeRecord({ kind, id, json: more })).toEqual({ message: 'has the unknown key "surprise"' })
    expect(decodeRecord({ ...encodeRecord(model), id: 'other' })).toEqual({
      message: 'is kept under the id of another',
    })
  })
})
