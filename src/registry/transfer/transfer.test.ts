import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../core/secret.ts'
import type { Store } from '../../store/contract.ts'
import { ROOT_KEY } from '../root-key.ts'
import { createSealedValue } from '../sealed-value.ts'
import { testConnection, testCredential, testId, testModel } from '../testing/large-registry.ts'
import { createMemoryServer, type MemoryServer } from '../testing/memory-store.ts'
import { addTeam, createReplicas, type Replica, sameKey, somebody, teamsOf } from '../testing/replica.ts'
import { createTestVault, encodedKey } from '../testing/vault.ts'
import { exportRegistry } from './export-registry.ts'
import { importRegistry } from './import-registry.ts'
import { readTransfer, transferLines } from './transfer-file.ts'

const { replica, stop } = createReplicas()
afterEach(stop)

const signing = 'gateway-signing-key'
const pause = () => Promise.resolve()
const planted = 'sk-planted "quoted" /+? ümlaut'
const credentialId = testId('c', 1)

/** A registry with one of each that matters, a signing key, and some history. */
async function source(vault = createTestVault()) {
  const server = createMemoryServer()
  const one = replica({ store: server.open(), vault })
  await one.sync.start()
  const credential = testCredential(credentialId, 'main', one.secrets, planted)
  const shown = {
    fingerprint: one.secrets.fingerprint(new Secret(planted)),
    updated_at: credential.created_at,
  }
  await one.editor.edit(somebody, () => ({
    puts: [
      { kind: 'credential', record: { ...credential, secrets: { api_key: shown } } },
      { kind: 'model', record: testModel(testId('a', 1), 'gpt') },
      { kind: 'connection', record: testConnection(testId('b', 1), testId('a', 1), credentialId, 'first') },
    ],
    audit: [{ action: 'credential.create', entity: null }],
    result: null,
  }))
  await addTeam(one, 'research')
  await createSealedValue({ blobs: one.store.blobs, vault, name: signing }).create(Buffer.from(planted))
  return { server, one, vault }
}

async function exported(server: MemoryServer, vault = createTestVault()): Promise<Buffer> {
  const options = { store: server.open(), vault, actor: somebody, blobNames: [signing] }
  return Buffer.from([...(await exportRegistry(options)).lines].join(''))
}

interface Taking {
  readonly bytes: Buffer
  readonly store: Store
  readonly vault?: ReturnType<typeof createTestVault>
  readonly replace?: boolean
}

async function imported({ bytes, store, vault = createTestVault(), replace = false }: Taking) {
  const file = readTransfer({ bytes, vault })
  return importRegistry({ store, vault, file, replace, actor: somebody, blobNames: [signing], pause })
}

/** All that a store holds, in a form that can be compared. */
function held(server: MemoryServer): string {
  const { entities, audit, blobs, position } = server.contents()
  const sealed = [...blobs].map(([name, value]) => [name, Buffer.from(value).toString('base64')])
  return JSON.stringify([[...entities], audit, sealed, position.revision])
}

async function started(server: MemoryServer, vault = createTestVault()): Promise<Replica> {
  const made = replica({ store: server.open(), vault })
  await made.sync.start()
  return made
}

describe('a registry that is moved', () => {
  it('is in its new store what it was: entities, fingerprints, versions, the signing key', async () => {
    const { server, one, vault } = await source()
    const target = createMemoryServer()
    const result = await imported({ bytes: await exported(server), store: target.open() })
    expect(result).toMatchObject({
      counts: { credential: 1, model: 1, connection: 1, team: 1, key: 0, route: 0 },
      removed: { credential: 0, team: 0 },
      rootKey: 'file',
      sealed: { [signing]: 'made' },
    })
    const two = await started(target)
    const there = two.sync.state()
    const before = one.sync.state()
    for (const kind of ['credentials', 'models', 'connections', 'teams'] as const) {
      expect([...there[kind].values()]).toEqual([...before[kind].values()])
    }
    expect(sameKey(two.sync.keys()?.root, one.sync.keys()?.root)).toBe(true)
    const credential = there.credentials.get(credentialId)
    expect(credential && two.secrets.open(credential).secrets['api_key']?.reveal()).toBe(planted)
    const value = createSealedValue({ blobs: two.store.blobs, vault, name: signing })
    expect(Buffer.from((await value.read()) ?? []).toString()).toBe(planted)
  })

  it('begins a trail of its own that says where it came from, and the old one says that it was taken', async () => {
    const { server, one } = await source()
    const bytes = await exported(server)
    const [newest] = await one.audit.page({ before: null, limit: 1 })
    expect(newest).toMatchObject({
      sequence: 3,
      action: 'registry.export',
      after: { revision: 2, entities: { credential: 1 } },
    })
    const target = createMemoryServer()
    await imported({ bytes, store: target.open() })
    const two = await started(target)
    expect(await two.audit.verify()).toEqual({ ok: true, from: 1, to: 1, broken: null })
    expect((await two.audit.page({ before: null, limit: 1 }))[0]).toMatchObject({
      action: 'registry.import',
      actor: { subject: 'somebody' },
      after: {
        from: { ...one.sync.state().position, audit: { sequence: 3, hmac: newest?.hmac } },
        root_key: 'file',
      },
    })
  })

  it('takes the fingerprints of a store that has a root key, and goes on with its trail', async () => {
    const { server, one } = await source()
    const target = createMemoryServer()
    const running = await started(target)
    await running.audit.append(somebody, [{ action: 'refused', entity: null }])
    const result = await imported({ bytes: await exported(server), store: target.open() })
    expect(result.rootKey).toBe('store')
    await running.sync.refresh()
    const { credentials } = running.sync.state()
    const fingerprint = credentials.get(credentialId)?.secrets['api_key']?.fingerprint
    expect(fingerprint).toBe(running.secrets.fingerprint(new Secret(planted)))
    expect(fingerprint).not.toBe(one.secrets.fingerprint(new Secret(planted)))
    await running.audit.append(somebody, [{ action: 'refused', entity: null }])
    expect(await running.audit.verify()).toEqual({ ok: true, from: 1, to: 3, broken: null })
  })

  it('is wrapped under the first key of its new place', async () => {
    const { server } = await source()
    const target = createMemoryServer()
    const both = createTestVault(`new:${encodedKey(2)},default:${encodedKey(1)}`)
    await imported({ bytes: await exported(server), store: target.open(), vault: both })
    const two = await started(target, createTestVault(`new:${encodedKey(2)}`))
    const credential = two.sync.state().credentials.get(credentialId)
    expect(credential && two.secrets.open(credential).secrets['api_key']?.reveal()).toBe(planted)
    const value = createSealedValue({ blobs: two.store.blobs, vault: two.vault, name: signing })
    expect(Buffer.from((await value.read()) ?? []).toString()).toBe(planted)
  })

  it('is believed by replicas that did not believe what was there', async () => {
    const { server, one } = await source()
    const bytes = await exported(server)
    server.empty()
    await one.sync.refresh()
    expect(one.sync.status().kind).toBe('suspect')
    await imported({ bytes, store: server.open() })
    await one.sync.refresh()
    expect(one.sync.status().kind).toBe('current')
    expect(teamsOf(one)).toEqual(['research'])
    await addTeam(one, 'support')
    expect(await one.audit.verify()).toMatchObject({ ok: true, from: 1, to: 2 })
  })
})

describe('a store that is not empty', () => {
  it('is refused and left as it is', async () => {
    const { server } = await source()
    const bytes = await exported(server)
    const target = createMemoryServer()
    await addTeam(await started(target), 'theirs')
    const before = held(target)
    await expect(imported({ bytes, store: target.open() })).rejects.toThrow(
      'The store is not empty (entities: 1)',
    )
    expect(held(target)).toBe(before)
  })

  it('is refused where it became so meanwhile', async () => {
    const { server } = await source()
    const bytes = await exported(server)
    const target = createMemoryServer()
    const other = await started(target)
    const store = target.open()
    let asked = 0
    const racing: Store = {
      ...store,
      registry: {
        ...store.registry,
        async fetch(since) {
          const changes = await store.registry.fetch(since)
          asked += 1
          if (asked === 1) await addTeam(other, 'theirs')
          return changes
        },
      },
    }
    await expect(imported({ bytes, store: racing })).rejects.toThrow('The store is not empty (entities: 1)')
    expect(teamsOf(other)).toEqual(['theirs'])
  })

  it('is replaced where that is asked for, with no version that stood for something else', async () => {
    const { server, one } = await source()
    const bytes = await exported(server)
    await addTeam(one, 'later')
    for (const name of ['research', 'research', 'research']) await addTeam(one, name)
    const before = [...one.sync.state().teams.values()].find(({ name }) => name === 'research')?.version ?? 0
    const result = await imported({ bytes, store: server.open(), replace: true })
    expect(result).toMatchObject({
      removed: { credential: 0, team: 1 },
      rootKey: 'file',
      sealed: { [signing]: 'same' },
    })
    await one.sync.refresh()
    expect(teamsOf(one)).toEqual(['research'])
    const [team] = one.sync.state().teams.values()
    expect(team?.version).toBe(before + 1)
    expect(await one.audit.verify()).toMatchObject({ ok: true, broken: null })
  })

  it('is replaced with what of it this version cannot read', async () => {
    const { server } = await source()
    const bytes = await exported(server)
    const target = createMemoryServer()
    const store = target.open()
    const entity = { kind: 'team', id: 'x', json: '{"format":99}' } as const
    await store.registry.commit({ puts: [entity], deletes: [], audit: [] }, target.contents().position)
    await expect(imported({ bytes, store })).rejects.toThrow('The store is not empty (entities: 1)')
    expect((await imported({ bytes, store, replace: true })).removed).toMatchObject({ team: 1 })
    const two = await started(target)
    expect([two.sync.state().unreadable.size, teamsOf(two)]).toEqual([0, ['research']])
  })

  it('tells where another signing key was replaced', async () => {
    const { server, vault } = await source()
    const target = createMemoryServer()
    const value = createSealedValue({ blobs: target.open().blobs, vault, name: signing })
    await value.create(Buffer.from('another'))
    const result = await imported({ bytes: await exported(server), store: target.open() })
    expect(result.sealed).toEqual({ [signing]: 'replaced' })
    expect(Buffer.from((await value.read()) ?? []).toString()).toBe(planted)
  })
})

describe('a file', () => {
  it('holds no secret in clear', async () => {
    const { server } = await source()
    const text = (await exported(server)).toString()
    const plain = [planted, JSON.stringify(planted).slice(1, -1), encodeURIComponent(planted)]
    for (const form of plain) {
      const encoded = [0, 1, 2].map((shift) =>
        Buffer.concat([Buffer.alloc(shift), Buffer.from(form)])
          .toString('base64')
          .slice(4, -4),
      )
      for (const shown of [form, Buffer.from(form).toString('hex'), ...encoded]) {
        expect(text).not.toContain(shown)
      }
    }
    // The same search finds what is there.
    expect(text).toContain(JSON.stringify(JSON.stringify('research')).slice(1, -1))
  })

  it('names the master keys that are missing, all of them, and nothing is written', async () => {
    const { server, one } = await source()
    const vault = createTestVault(`other:${encodedKey(3)},default:${encodedKey(1)}`)
    const during = await started(server, vault)
    const second = testCredential(testId('c', 2), 'second', during.secrets)
    await during.editor.edit(somebody, () => ({
      puts: [{ kind: 'credential', record: second }],
      audit: [{ action: 'credential.create', entity: null }],
      result: null,
    }))
    const bytes = await exported(server, vault)
    const target = createMemoryServer()
    const before = held(target)
    await expect(imported({ bytes, store: target.open(), vault: one.vault })).rejects.toThrow(
      'Sealed under the master key "other", which is not configured.',
    )
    await expect(
      imported({ bytes, store: target.open(), vault: createTestVault(`other:${encodedKey(3)}`) }),
    ).rejects.toThrow('Sealed under the master key "default", which is not configured.')
    await expect(
      imported({ bytes, store: target.open(), vault: createTestVault(encodedKey(9)) }),
    ).rejects.toThrow('The master key "default" is not the one this was sealed under.')
    expect(held(target)).toBe(before)
  })

  it('whose signing key alone cannot be opened is refused as well', async () => {
    const server = createMemoryServer()
    await addTeam(await started(server), 'research')
    const vault = createTestVault(`other:${encodedKey(3)},default:${encodedKey(1)}`)
    const value = createSealedValue({ blobs: server.open().blobs, vault, name: signing })
    await value.create(Buffer.from(planted))
    const bytes = await exported(server, vault)
    const target = createMemoryServer()
    const before = held(target)
    await expect(imported({ bytes, store: target.open() })).rejects.toThrow('master key "other"')
    expect(held(target)).toBe(before)
  })

  it.each<[string, (text: string) => string, string]>([
    ['with a base URL changed', (text) => text.replace('api.openai.test', 'api.evil.test'), 'was changed'],
    ['with a line missing', (text) => text.replace(/\n.*"kind":"team".*\n/, '\n'), 'was changed'],
    ['with another head', (text) => text.replace('"revision":2', '"revision":3'), 'was changed'],
    ['without its end', (text) => text.split('\n').slice(0, -2).join('\n') + '\n', 'is not whole'],
    ['cut in the middle', (text) => text.slice(0, text.length >> 1), 'is not whole'],
    ['of a newer version', (text) => text.replace('"version":1', '"version":2'), 'format 2, known: 1'],
    ['of something else', () => '{"format":"other"}\n', 'is none that'],
    ['of no JSON', () => 'hello\nworld\n', 'is none that'],
    ['of nothing', () => '', 'is none that'],
  ])('%s is refused, and quoted nowhere', async (_, change, words) => {
    const { server, vault } = await source()
    const text = (await exported(server)).toString()
    const changed = change(text)
    expect(changed).not.toBe(text)
    expect(() => readTransfer({ bytes: Buffer.from(changed), vault })).toThrow(words)
  })

  it('with what this version cannot read is refused, naming its line', async () => {
    const { one, vault } = await source()
    const root = await createSealedValue({ blobs: one.store.blobs, vault, name: ROOT_KEY }).read()
    const sealed = { [ROOT_KEY]: Buffer.from((await one.store.blobs.get(ROOT_KEY)) ?? []).toString('base64') }
    const registry = { epoch: 'e', revision: 1, audit: null }
    const json = JSON.stringify({ format: 99, record: {} })
    const lines = transferLines({
      head: { exported_at: '2026-01-01T00:00:00.000Z', registry, sealed },
      entities: [{ kind: 'team', id: 'x', json }],
      root: root ?? Buffer.alloc(32),
    })
    const target = createMemoryServer()
    const before = held(target)
    await expect(imported({ bytes: Buffer.from([...lines].join('')), store: target.open() })).rejects.toThrow(
      'line 2 of the file (team "x") was written by another version of the gateway',
    )
    expect(held(target)).toBe(before)
  })

  it('cannot be made of a store that nothing was written to', async () => {
    const server = createMemoryServer()
    const before = held(server)
    await expect(exported(server)).rejects.toThrow('nothing was ever written to it')
    expect(held(server)).toBe(before)
  })
})
