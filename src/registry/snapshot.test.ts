import { createSecretKey } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fileEntityShape, type FileEntities } from './schema/file-entities.ts'
import { createRegistry } from './snapshot.ts'
import { createCatalogue } from './testing/catalogue.ts'
import { fileSnapshot } from './testing/file-snapshot.ts'

const providers = createCatalogue()
const keyOf = (fill: number) => createSecretKey(Buffer.alloc(32, fill))

function declared(entities: Record<string, unknown>): FileEntities {
  return z.strictObject(fileEntityShape(providers)).parse(entities)
}

const shared = { name: 'main', creds_type: 'API_KEY', provider: 'openai', api_key: 'sk-planted-main' }
const aws = {
  creds_type: 'AWS',
  aws_region: 'us-east-1',
  aws_access_key_id: 'AKIDEXAMPLE',
  aws_secret_access_key: 'sk-planted-aws',
}
const entities = {
  credentials: [shared],
  models: [
    {
      name: 'GPT/4 o',
      team_access: ['research'],
      supported_stages: ['planning'],
      connections: [
        { name: 'a', credential: 'MAIN', model_name: 'gpt-4o', weight: 3 },
        { name: 'b', credentials: aws, model_name: 'nova', priority: 1, region: 'eu-west-1', probe: false },
      ],
    },
    {
      name: 'vectors',
      is_embedding: true,
      embedding_dimensions: 256,
      builtin: true,
      display_name: 'Vectors',
      connections: [
        { name: 'a', credential: 'main', model_name: 'e', overrides: { headers: { 'X-A': 'b' } } },
      ],
    },
  ],
  teams: [{ name: 'research' }],
  routes: [{ name: 'auto', stages: { planning: ['GPT/4 o'] }, default: ['GPT/4 o'] }],
}
const build = (file: Record<string, unknown> = entities, versionKey = keyOf(1)) =>
  fileSnapshot({ file: declared(file), providers, versionKey, created: 1_700_000_000 })

describe('a snapshot', () => {
  it('resolves models, connections and credentials, named and in place', () => {
    const model = build().modelByName('GPT/4 o')
    expect(model).toMatchObject({
      displayName: 'GPT/4 o',
      kind: 'chat',
      teamAccess: new Set(['research']),
      stages: new Set(['planning']),
      policy: 'weighted',
      builtin: false,
      embeddingDimensions: null,
      created: 1_700_000_000,
      managedBy: 'file',
    })
    expect(model?.connections).toMatchObject([
      {
        name: 'a',
        model: 'GPT/4 o',
        modelId: model?.id,
        provider: 'openai',
        modelName: 'gpt-4o',
        weight: 3,
        priority: 0,
        enabled: true,
        probe: true,
        region: null,
        overrides: {},
        custom: null,
        credential: { name: 'main', type: 'API_KEY', provider: 'openai', status: 'active', settings: {} },
      },
      {
        name: 'b',
        provider: 'bedrock',
        weight: 1,
        priority: 1,
        probe: false,
        region: 'eu-west-1',
        credential: {
          name: 'GPT/4 o#b',
          type: 'AWS',
          provider: 'bedrock',
          settings: { aws_region: 'us-east-1', aws_access_key_id: 'AKIDEXAMPLE' },
        },
      },
    ])
    const [one, other] = model?.connections ?? []
    expect(one?.credential.secrets['api_key']?.reveal()).toBe('sk-planted-main')
    expect(Object.keys(other?.credential.secrets ?? {})).toEqual(['aws_secret_access_key'])
    expect(build().modelByName('vectors')).toMatchObject({
      displayName: 'Vectors',
      kind: 'embedding',
      teamAccess: 'all',
      builtin: true,
      embeddingDimensions: 256,
      connections: [{ kind: 'embedding', overrides: { headers: { 'x-a': 'b' } } }],
    })
  })

  it('finds by the exact name, and by one that differs in capitals or composition alone', () => {
    const snapshot = build({ models: [{ ...entities.models[1], connections: [echo], name: 'Größe' }] })
    expect(snapshot.modelByName('Größe')).toBe(snapshot.models()[0])
    expect(snapshot.modelByName(' gro\u0308ße ')).toBe(snapshot.models()[0])
    expect(snapshot.modelByName('Grosse')).toBeUndefined()
    expect(snapshot.modelByName('toString')).toBeUndefined()
    expect(snapshot.modelByName('x'.repeat(10_000_000))).toBeUndefined()
  })

  it('lists routes and teams, and finds connections by id', () => {
    const snapshot = build()
    expect(snapshot.routeByName('AUTO')).toMatchObject({
      name: 'auto',
      default: ['GPT/4 o'],
      managedBy: 'file',
    })
    expect(snapshot.routes()).toHaveLength(1)
    expect(snapshot.teams()).toMatchObject([{ name: 'research' }])
    for (const { connections } of snapshot.models()) {
      for (const connection of connections) expect(snapshot.connection(connection.id)).toBe(connection)
    }
    expect(snapshot.connection('nobody')).toBeUndefined()
  })

  it('gives the same ids in every replica, and each its own', () => {
    const idsOf = (snapshot: ReturnType<typeof build>) =>
      snapshot
        .models()
        .flatMap(({ id, connections }) => [
          id,
          ...connections.flatMap((connection) => [connection.id, connection.credential.id]),
        ])
    const ids = idsOf(build())
    expect(idsOf(build(entities, keyOf(9)))).toEqual(ids)
    expect(ids).toHaveLength(8)
    // The shared credential is there twice.
    expect(new Set(ids).size).toBe(7)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{24}$/)
    // Replicas of different versions share pool state by these: they may never change (`sha256sum` made them).
    expect(ids.slice(0, 3)).toEqual([
      'aed3a233949386a4c9b99b5a',
      '764b53cfb4a681c15b087701',
      '2563615856440a3344f2f360',
    ])
  })

  it('shows no secret, however it is printed', () => {
    const snapshot = build()
    const printed = inspect(snapshot.models(), { depth: 12 }) + JSON.stringify(snapshot.models())
    expect(printed).toContain('[secret]')
    expect(printed).not.toContain('sk-planted')
  })
})

const echo = {
  name: 'default',
  model_name: 'echo',
  credentials: { creds_type: 'API_KEY', provider: 'echo' },
}

describe('a credential’s version', () => {
  const versionOf = (change: object, versionKey = keyOf(1)) =>
    build({ ...entities, credentials: [{ ...shared, ...change }] }, versionKey).modelByName('vectors')
      ?.connections[0]?.credential.version

  it('changes with every secret and setting, and with nothing else', () => {
    const version = versionOf({})
    expect(version).toMatch(/^[0-9a-f]{32}$/)
    expect(versionOf({ status: 'inactive' })).toBe(version)
    expect(versionOf({ api_key: 'sk-planted-other' })).not.toBe(version)
    expect(versionOf({ base_url: 'https://proxy.test' })).not.toBe(version)
  })

  it('is keyed: who has not the key cannot try secrets against it', () => {
    expect(versionOf({}, keyOf(2))).not.toBe(versionOf({}))
  })
})

describe('the registry', () => {
  it('holds one snapshot, and tells listeners of each new one until they leave', () => {
    const [first, second, third] = [build(), build(), build()]
    const registry = createRegistry({ snapshot: first })
    const heard: string[] = []
    const leave = registry.onChange((next) => heard.push(next === second ? 'one: second' : 'one: other'))
    registry.onChange((next) => heard.push(next === registry.current() ? 'two: current' : 'two: other'))
    expect(registry.current()).toBe(first)
    registry.replace(second)
    leave()
    registry.replace(third)
    expect(registry.current()).toBe(third)
    expect(heard).toEqual(['one: second', 'two: current', 'two: current'])
  })
})
