import { createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSnapshotBuilder } from './build-snapshot.ts'
import { createCredentialSecrets } from './credential-secrets.ts'
import { deriveRegistryKeys } from './root-key.ts'
import { fileEntityShape } from './schema/file-entities.ts'
import { encodeRecord } from './stored/codec.ts'
import type { KindedRecord } from './stored/records.ts'
import { emptyState } from './stored/state.ts'
import { createCatalogue } from './testing/catalogue.ts'
import { testConnection, testCredential, testId, testModel, testTime } from './testing/large-registry.ts'
import { createTestVault, encodedKey } from './testing/vault.ts'

const providers = createCatalogue()
const fileOf = (entities: Record<string, unknown>) =>
  z.strictObject(fileEntityShape(providers)).parse(entities)
const nothing = fileOf({})
const keys = deriveRegistryKeys(Buffer.alloc(32, 5))
const times = { created_by: 'a', created_at: testTime, updated_at: testTime }

function scene(vault = createTestVault()) {
  const secrets = createCredentialSecrets({ vault, keys: () => keys })
  const builder = createSnapshotBuilder({ providers, secrets, created: 0 })
  const stateOf = (records: readonly KindedRecord[], revision = 1) =>
    emptyState.apply({
      position: { epoch: 'e', revision },
      whole: true,
      entities: records.map(encodeRecord),
      deleted: [],
    })
  const build = (state: ReturnType<typeof stateOf>, file = nothing) =>
    builder.build({ file, state, versionKey: keys.version })
  return { secrets, stateOf, build }
}

const [modelId, otherId, connectionId, inlineConnectionId] = [
  testId('a', 1),
  testId('a', 2),
  testId('b', 1),
  testId('b', 2),
]
const [sharedId, inlineId] = [testId('c', 1), testId('d', 1)]

function recordsOf({ secrets }: Pick<ReturnType<typeof scene>, 'secrets'>): KindedRecord[] {
  const inline = { ...testCredential(inlineId, null, secrets), inline_of: inlineConnectionId }
  return [
    { kind: 'credential', record: testCredential(sharedId, 'shared', secrets) },
    { kind: 'credential', record: inline },
    { kind: 'model', record: { ...testModel(modelId, 'Größe'), team_access: ['x'] } },
    { kind: 'model', record: testModel(otherId, 'other') },
    { kind: 'connection', record: testConnection(connectionId, modelId, sharedId, 'one') },
    { kind: 'connection', record: testConnection(inlineConnectionId, modelId, inlineId, 'two') },
    { kind: 'team', record: { id: testId('a', 9), version: 1, name: 'x', ...times } },
    {
      kind: 'route',
      record: { id: testId('a', 8), version: 1, name: 'auto', stages: {}, default: ['other'], ...times },
    },
    ...[null, testTime].map((revoked, index): KindedRecord => ({
      kind: 'key',
      record: {
        id: testId('a', 20 + index),
        version: 1,
        name: `key ${index}`,
        team: 'x',
        models: null,
        token_id: `token-${index}`,
        expires_at: testTime,
        created_by: 'a',
        created_at: testTime,
        revoked_at: revoked,
      },
    })),
  ]
}

const fileConnection = { name: 'c', model_name: 'm', credential: 'SHARED' }
const fileCredential = {
  name: 'SHARED',
  creds_type: 'API_KEY',
  provider: 'openai',
  api_key: 'sk-planted-file',
}

describe('a snapshot of what is stored', () => {
  it('resolves it as it does what the file declares', () => {
    const part = scene()
    const snapshot = part.build(part.stateOf(recordsOf(part)))
    expect([snapshot.faults, snapshot.shadowed]).toEqual([[], []])
    const model = snapshot.modelByName('größe')
    expect(model).toMatchObject({
      id: modelId,
      displayName: 'Größe',
      kind: 'chat',
      teamAccess: new Set(['x']),
      managedBy: 'store',
      created: Date.parse(testTime) / 1000,
      connections: [
        {
          id: connectionId,
          provider: 'openai',
          credential: { name: 'shared', status: 'active' },
          custom: null,
        },
        { id: inlineConnectionId, credential: { id: inlineId, name: 'Größe#two' }, managedBy: 'store' },
      ],
    })
    expect(model?.connections[0]?.credential.secrets['api_key']?.reveal()).toBe(`sk-planted-${sharedId}`)
    expect(snapshot.model(modelId)).toBe(model)
    expect(snapshot.connection(connectionId)).toBe(model?.connections[0])
    expect(snapshot.credential(inlineId)).toBe(model?.connections[1]?.credential)
    expect(snapshot.credentials().map(({ id }) => id)).toEqual([sharedId])
    expect(snapshot.connectionsOfCredential(sharedId)).toEqual([model?.connections[0]])
    expect(snapshot.routeByName('AUTO')).toMatchObject({ default: ['other'], managedBy: 'store' })
    expect(snapshot.teams()).toMatchObject([{ name: 'x', description: null, managedBy: 'store' }])
    expect([
      snapshot.isRevoked('token-0'),
      snapshot.isRevoked('token-1'),
      snapshot.isRevoked('other'),
    ]).toEqual([false, true, false])
  })

  it('does not resolve again what has not changed', () => {
    const part = scene()
    const state = part.stateOf(recordsOf(part))
    const [before, same] = [part.build(state), part.build(state)]
    expect(same.models()).toEqual(before.models())
    expect(same.model(modelId)).toBe(before.model(modelId))
    const renamed: KindedRecord = {
      kind: 'credential',
      record: {
        ...testCredential(sharedId, 'renamed', part.secrets),
        sealed: state.credentials.get(sharedId)?.sealed ?? '',
      },
    }
    const next = state.apply({
      position: { epoch: 'e', revision: 2 },
      whole: false,
      entities: [encodeRecord(renamed)],
      deleted: [],
    })
    const after = part.build(next)
    expect(after.model(otherId)).toBe(before.model(otherId))
    expect(after.model(modelId)).not.toBe(before.model(modelId))
    expect(after.connection(connectionId)?.credential.name).toBe('renamed')
    expect(after.connection(connectionId)?.credential.version).toBe(
      before.connection(connectionId)?.credential.version,
    )
  })

  it('is shadowed by what the file declares under the same name, and says so', () => {
    const part = scene()
    const state = part.stateOf(recordsOf(part))
    const file = fileOf({
      credentials: [fileCredential],
      models: [{ name: 'OTHER', connections: [fileConnection] }],
      routes: [{ name: 'GRÖSSE', default: ['OTHER'] }],
      teams: [{ name: 'X' }],
    })
    const snapshot = part.build(state, {
      ...file,
      routes: [{ name: 'größe', stages: {}, default: ['OTHER'] }],
    })
    expect(snapshot.shadowed.map(({ kind, id }) => [kind, id])).toEqual([
      ['credential', sharedId],
      ['model', otherId],
      ['model', modelId],
      ['team', testId('a', 9)],
    ])
    expect(snapshot.models()).toMatchObject([{ name: 'OTHER', managedBy: 'file' }])
    expect(snapshot.modelByName('Größe')).toBeUndefined()
    expect(snapshot.routeByName('Größe')).toMatchObject({ managedBy: 'file' })
    expect(snapshot.teams()).toMatchObject([{ name: 'X', managedBy: 'file' }])
    expect(snapshot.credentials()).toMatchObject([{ name: 'SHARED', managedBy: 'file' }])
    expect(snapshot.connection(connectionId)).toBeUndefined()
    expect(part.build(state).modelByName('Größe')?.connections).toHaveLength(2)
  })

  it('lets stored connections follow a credential’s name to the file', () => {
    const part = scene()
    const state = part.stateOf(recordsOf(part))
    const snapshot = part.build(state, fileOf({ credentials: [fileCredential] }))
    const connection = snapshot.connection(connectionId)
    expect(connection?.credential).toMatchObject({ name: 'SHARED', managedBy: 'file', status: 'active' })
    expect(connection?.credential.secrets['api_key']?.reveal()).toBe('sk-planted-file')
    expect(snapshot.connectionsOfCredential(connection?.credential.id ?? '')).toEqual([connection])
    const other = fileOf({ credentials: [{ ...fileCredential, provider: 'anthropic' }] })
    const stated = part.stateOf(
      recordsOf(part).map((put) =>
        put.kind === 'connection' && put.record.id === connectionId
          ? { kind: 'connection', record: { ...put.record, provider: 'openai' } }
          : put,
      ),
    )
    const unfit = part.build(stated, other)
    expect(unfit.connection(connectionId)?.credential.status).toBe('inactive')
    expect(unfit.faults).toMatchObject([
      {
        kind: 'connection',
        id: connectionId,
        name: 'Größe#one',
        message: expect.stringContaining('anthropic'),
      },
    ])
  })

  it('takes out connections whose credential cannot be opened, and serves with the rest', () => {
    const part = scene()
    const records = recordsOf({ secrets: part.secrets })
    const wrong = createCredentialSecrets({ vault: createTestVault(encodedKey(9)), keys: () => keys })
    const state = part.stateOf([
      ...records.filter(({ record }) => record.id !== inlineId),
      {
        kind: 'credential',
        record: { ...testCredential(inlineId, null, wrong), inline_of: inlineConnectionId },
      },
    ])
    const snapshot = part.build(state)
    expect(snapshot.faults).toEqual([
      {
        kind: 'credential',
        id: inlineId,
        name: 'Größe#two',
        message:
          'Its secrets cannot be opened. The master key "default" is not the one this was sealed under.',
      },
    ])
    expect(snapshot.model(modelId)?.connections.map(({ credential }) => credential.status)).toEqual([
      'active',
      'inactive',
    ])
    expect(part.build(state).faults).toEqual(snapshot.faults)
  })

  it('takes out connections whose credential, or provider, is not there', () => {
    const part = scene()
    const records = recordsOf(part).filter(({ record }) => record.id !== sharedId)
    const more: KindedRecord = {
      kind: 'connection',
      record: { ...testConnection(testId('b', 5), otherId, inlineId, 'x'), provider: 'gone' },
    }
    const snapshot = part.build(part.stateOf([...records, more]))
    expect(snapshot.connection(connectionId)).toMatchObject({
      credential: { id: sharedId, status: 'inactive' },
    })
    expect(snapshot.faults.map(({ id }) => id)).toEqual([connectionId, testId('b', 5)])
    expect(snapshot.faults[0]?.message).toBe('Its credential is not there.')
  })

  it('lists what cannot be read', () => {
    const part = scene()
    const state = part.stateOf([]).apply({
      position: { epoch: 'e', revision: 2 },
      whole: false,
      entities: [{ kind: 'model', id: modelId, json: '{}' }],
      deleted: [],
    })
    expect(part.build(state).faults).toEqual([
      {
        kind: 'model',
        id: modelId,
        name: '',
        message: 'It cannot be read: it was written by another version of the gateway.',
      },
    ])
  })

  it('agrees on versions with other replicas, whatever master key they seal under', () => {
    const versions = [
      createTestVault(),
      createTestVault(`new:${encodedKey(3)},default:${encodedKey(1)}`),
    ].map((vault) => {
      const part = scene(vault)
      const snapshot = part.build(part.stateOf(recordsOf(part)))
      return snapshot.connection(connectionId)?.credential.version
    })
    expect(versions[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(versions[1]).toBe(versions[0])
    const other = scene()
    const rekeyed = createSnapshotBuilder({ providers, secrets: other.secrets, created: 0 }).build({
      file: nothing,
      state: other.stateOf(recordsOf(other)),
      versionKey: createSecretKey(Buffer.alloc(32, 7)),
    })
    expect(rekeyed.connection(connectionId)?.credential.version).not.toBe(versions[0])
  })
})
