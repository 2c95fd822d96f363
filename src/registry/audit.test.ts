import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../core/secret.ts'
import type { StoredAuditEntry } from '../store/contract.ts'
import { createMemoryServer, type MemoryServer } from './testing/memory-store.ts'
import { addTeam, createReplicas, reasonOf, type Replica, somebody } from './testing/replica.ts'

const { replica, stop } = createReplicas()
afterEach(stop)

const day = 24 * 60 * 60 * 1000

async function scene(entries = 6): Promise<{ server: MemoryServer; one: Replica }> {
  const server = createMemoryServer()
  const one = replica({ store: server.open() })
  await one.sync.start()
  for (let index = 0; index < entries; index += 1) {
    one.time.pass(day)
    if (index % 2 === 0) await addTeam(one, `team-${index}`)
    else await one.audit.append(somebody, [{ action: 'credential.reveal', entity: null, after: { index } }])
  }
  return { server, one }
}

/** Changes what is stored of one entry. */
function tamper(
  server: MemoryServer,
  sequence: number,
  change: (entry: StoredAuditEntry) => StoredAuditEntry,
) {
  const { audit } = server.contents()
  server.contents().audit = audit.map((entry) => (entry.sequence === sequence ? change(entry) : entry))
}

describe('the audit trail', () => {
  it('tells who did what, when and from where, newest first', async () => {
    const { one } = await scene(3)
    const entries = await one.audit.page({ before: null, limit: 10 })
    expect(entries.map(({ sequence }) => sequence)).toEqual([3, 2, 1])
    expect(entries[1]).toEqual({
      sequence: 2,
      at: '2026-01-03T00:00:00.000Z',
      actor: { subject: 'somebody', issuer: 'https://issuer.test', kind: 'token' },
      address: '192.0.2.1',
      action: 'credential.reveal',
      entity: null,
      before: null,
      after: { index: 1 },
      request_id: 'request-1',
      previous: entries[2]?.hmac,
      hmac: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(entries[2]).toMatchObject({
      action: 'team.create',
      entity: { kind: 'team', name: 'team-0' },
      previous: null,
    })
    expect((await one.audit.page({ before: 3, limit: 1 })).map(({ sequence }) => sequence)).toEqual([2])
  })

  it('holds no secret, and nothing beyond its bound', async () => {
    const { one, server } = await scene(0)
    const after = { key: new Secret('sk-planted'), nothing: undefined }
    await one.audit.append(somebody, [
      { action: 'x', entity: null, after },
      { action: 'y', entity: null, before: 'b'.repeat(100_000) },
    ])
    expect(JSON.stringify(server.contents().audit)).not.toContain('sk-planted')
    const [second, first] = await one.audit.page({ before: null, limit: 2 })
    expect([first?.after, second?.before]).toEqual([{ key: '[secret]' }, { left_out: true, bytes: 100_002 }])
    expect(await one.audit.verify()).toMatchObject({ ok: true })
  })

  it('is one chain, whoever of several replicas writes', async () => {
    const { server, one } = await scene(0)
    const two = replica({ store: server.open() })
    await two.sync.start()
    const appended = Array.from({ length: 20 }, (_, index) =>
      reasonOf((index % 2 ? one : two).audit.append(somebody, [{ action: `a${index}`, entity: null }])),
    )
    expect(new Set(await Promise.all(appended))).toEqual(new Set(['written']))
    expect(await two.audit.verify()).toEqual({ ok: true, from: 1, to: 20, broken: null })
    expect(server.contents().position.revision).toBe(0)
  })

  it('is whole where nothing was done to it, or nothing written', async () => {
    expect(await (await scene(0)).one.audit.verify()).toEqual({
      ok: true,
      from: null,
      to: null,
      broken: null,
    })
    const { one, server } = await scene(1_203)
    expect(await one.audit.verify()).toEqual({ ok: true, from: 1, to: 1_203, broken: null })
    tamper(server, 777, (entry) => ({ ...entry, json: entry.json.replace('somebody', 'nobody') }))
    expect(await one.audit.verify()).toMatchObject({ broken: { sequence: 777 } })
  })

  it.each<[string, number, string, (server: MemoryServer) => void]>([
    [
      'a changed word',
      3,
      'changed',
      (server) => tamper(server, 3, (entry) => ({ ...entry, json: entry.json.replace('team', 'taem') })),
    ],
    [
      'a changed HMAC',
      6,
      'changed',
      (server) =>
        tamper(server, 6, (entry) => ({ ...entry, json: entry.json.replace(/"hmac":"./, '"hmac":"x') })),
    ],
    ['what is no entry', 2, 'changed', (server) => tamper(server, 2, (entry) => ({ ...entry, json: '{}' }))],
    ['an entry taken out', 4, 'missing', ({ contents }) => void contents().audit.splice(3, 1)],
    [
      'an entry taken out and the rest moved up',
      4,
      'in the place',
      (server) => {
        const { audit } = server.contents()
        server.contents().audit = audit
          .toSpliced(3, 1)
          .map((entry, index) => ({ ...entry, sequence: index + 1 }))
      },
    ],
    [
      'two entries exchanged',
      2,
      'in the place',
      (server) => {
        const [, second, third] = server.contents().audit
        tamper(server, 2, (entry) => ({ ...entry, json: third?.json ?? '' }))
        tamper(server, 3, (entry) => ({ ...entry, json: second?.json ?? '' }))
      },
    ],
    ['the newest taken out', 5, 'missing', ({ contents }) => void contents().audit.splice(4)],
    ['the oldest taken out', 1, 'missing', ({ contents }) => void contents().audit.splice(0, 2)],
    ['all taken out', 1, 'missing', ({ contents }) => void contents().audit.splice(0)],
    [
      'the newest taken out, and with it what tells of it',
      5,
      'missing',
      ({ contents }) => {
        contents().audit.splice(4)
        contents().blobs.delete('audit-head')
      },
    ],
    [
      'what tells of the newest changed',
      7,
      'cannot be told',
      ({ contents }) => void contents().blobs.set('audit-head', Buffer.alloc(100)),
    ],
  ])('shows %s', async (_, sequence, fault, change) => {
    const { server, one } = await scene()
    change(server)
    const verdict = await one.audit.verify()
    expect(verdict).toMatchObject({ ok: false, broken: { sequence, fault: expect.stringContaining(fault) } })
  })

  it('shows entries that were taken out even once others have followed', async () => {
    const { server, one } = await scene()
    server.contents().audit.splice(4)
    await one.audit.append(somebody, [{ action: 'later', entity: null }])
    expect(await one.audit.verify()).toMatchObject({
      ok: false,
      broken: { sequence: 6, fault: 'It is missing.' },
    })
    await one.audit.append(somebody, [{ action: 'later', entity: null }])
    await one.audit.append(somebody, [{ action: 'later', entity: null }])
    expect(await one.audit.verify()).toMatchObject({ ok: false })
  })

  it('cannot be continued by somebody without the key', async () => {
    const { server, one } = await scene(2)
    const [, second] = server.contents().audit
    const forged = { ...(JSON.parse(second?.json ?? '') as object), sequence: 3, action: 'credential.delete' }
    server.contents().audit.push({ sequence: 3, at: 0, json: JSON.stringify(forged) })
    expect(await one.audit.verify()).toMatchObject({ broken: { sequence: 3 } })
    expect((await one.audit.page({ before: null, limit: 1 }))[0]?.action).toBe('credential.delete')
  })

  it('shows entries of another history that the same gateway wrote', async () => {
    const { server, one } = await scene(2)
    const append = (action: string) => one.audit.append(somebody, [{ action, entity: null }])
    const back = server.remember()
    await append('a3')
    await append('a4')
    const [, , , fourth] = server.contents().audit
    back()
    await append('b3')
    server.contents().audit.push(...(fourth === undefined ? [] : [fourth]))
    const broken = { sequence: 4, fault: 'It does not follow the one before it.' }
    expect(await one.audit.verify()).toEqual({ ok: false, from: 1, to: 4, broken })
  })

  it('shows them at its beginning, too', async () => {
    const { server, one } = await scene(0)
    const append = async (action: string) => {
      one.time.pass(day)
      await one.audit.append(somebody, [{ action, entity: null }])
    }
    const back = server.remember()
    for (const action of ['a1', 'a2', 'a3']) await append(action)
    const [, , third] = server.contents().audit
    back()
    for (const action of ['b1', 'b2', 'b3', 'b4']) await append(action)
    expect(await one.audit.prune(one.time.clock.now() - 1.5 * day)).toBe(2)
    expect(await one.audit.verify()).toMatchObject({ ok: true, from: 3 })
    tamper(server, 3, (entry) => third ?? entry)
    const broken = { sequence: 3, fault: 'It does not follow the one before it.' }
    expect(await one.audit.verify()).toMatchObject({ ok: false, broken })
  })

  it('lets go of what is old, and still shows what is missing besides', async () => {
    const { server, one } = await scene(10)
    // Entry n was written n days after the first of January.
    const cut = Date.parse('2026-01-05T00:00:00Z')
    expect(await one.audit.prune(cut)).toBe(3)
    expect(await one.audit.verify()).toEqual({ ok: true, from: 4, to: 10, broken: null })
    expect(await one.audit.prune(cut)).toBe(0)
    server.contents().audit.splice(0, 1)
    expect(await one.audit.verify()).toMatchObject({
      ok: false,
      broken: { sequence: 4, fault: 'It is missing.' },
    })
  })

  it('never lets go of the newest, and goes on from there', async () => {
    const { one } = await scene(4)
    expect(await one.audit.prune(Date.parse('2030-01-01T00:00:00Z'))).toBe(3)
    expect(await one.audit.verify()).toEqual({ ok: true, from: 4, to: 4, broken: null })
    await one.audit.append(somebody, [{ action: 'later', entity: null }])
    expect(await one.audit.verify()).toEqual({ ok: true, from: 4, to: 5, broken: null })
  })

  it('says so where the store does not answer', async () => {
    const { server, one } = await scene(1)
    server.down(true)
    for (const asked of [
      one.audit.verify(),
      one.audit.page({ before: null, limit: 1 }),
      one.audit.prune(0),
    ]) {
      expect(await reasonOf(asked)).toBe('down')
    }
    expect(await reasonOf(one.audit.append(somebody, [{ action: 'x', entity: null }]))).toBe('down')
  })
})
