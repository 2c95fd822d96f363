import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts'
import { credentials, models, createDeclarations } from '../support/declarations.ts'
import { openaiKey } from '../support/fleet.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { chatAnswer, sendJson } from '../support/upstream.ts'

interface Row {
  readonly sequence: number
  readonly at: number
  readonly json: string
}

/** The trail as it lies in a store, for whoever has got hold of the store. */
interface Lying {
  read(): Promise<Row[]>
  write(rows: readonly Row[]): Promise<void>
}

function inFile(dataDir: string): Lying {
  const at = <Answer>(use: (database: DatabaseSync) => Answer): Answer => {
    const database = new DatabaseSync(join(dataDir, 'modelgate.db'), { timeout: 5_000 })
    try {
      return use(database)
    } finally {
      database.close()
    }
  }
  return {
    read: async () =>
      at(
        (database) =>
          database
            .prepare('SELECT sequence, at, json FROM audit_entry ORDER BY sequence')
            .all() as unknown as Row[],
      ),
    write: async (rows) =>
      at((database) => {
        database.exec('DELETE FROM audit_entry')
        const insert = database.prepare('INSERT INTO audit_entry (sequence, at, json) VALUES (?, ?, ?)')
        for (const row of rows) insert.run(row.sequence, row.at, row.json)
      }),
  }
}

function inRedis(server: RedisServer): Lying {
  const list = '{modelgate}:audit'
  return {
    async read() {
      const lines = (await server.call('LRANGE', list, '0', '-1')) as string[]
      return lines.map((line) => {
        const [sequence = '', at = ''] = line.split(' ', 2)
        return {
          sequence: Number(sequence),
          at: Number(at),
          json: line.slice(sequence.length + at.length + 2),
        }
      })
    },
    async write(rows) {
      await server.call('DEL', list)
      await server.call('RPUSH', list, ...rows.map(({ sequence, at, json }) => `${sequence} ${at} ${json}`))
    },
  }
}

const changed = (rows: readonly Row[], sequence: number, change: (row: Row) => Row) =>
  rows.map((row) => (row.sequence === sequence ? change(row) : row))

const jsonOf = (rows: readonly Row[], sequence: number) =>
  rows.find((row) => row.sequence === sequence)?.json ?? ''

type Tampering = readonly [what: string, first: number, tamper: (rows: readonly Row[]) => Row[]]

const tamperings: readonly Tampering[] = [
  [
    'an entry changed',
    3,
    (rows) => changed(rows, 3, (row) => ({ ...row, json: row.json.replace('admin-token', 'nobody') })),
  ],
  [
    'the time of an entry changed',
    5,
    (rows) => changed(rows, 5, (row) => ({ ...row, json: row.json.replace('"at":"2', '"at":"1') })),
  ],
  ['one taken out of the middle', 4, (rows) => rows.filter(({ sequence }) => sequence !== 4)],
  ['two taken out, apart', 3, (rows) => rows.filter(({ sequence }) => sequence !== 3 && sequence !== 6)],
  ['the beginning taken out', 1, (rows) => rows.slice(2)],
  ['the end cut off', 6, (rows) => rows.slice(0, 5)],
  [
    'two exchanged',
    2,
    (rows) =>
      changed(
        changed(rows, 2, (row) => ({ ...row, json: jsonOf(rows, 3) })),
        3,
        (row) => ({ ...row, json: jsonOf(rows, 2) }),
      ),
  ],
  [
    'one taken out, and those after it numbered anew',
    4,
    (rows) =>
      rows
        .filter(({ sequence }) => sequence !== 4)
        .map((row, index) => ({
          ...row,
          sequence: index + 1,
          json: row.json.replace(/"sequence":\d+/, `"sequence":${index + 1}`),
        })),
  ],
]

let plane: ControlPlane
let redis: RedisServer | undefined
const { made, expectRefusal, withModel } = createDeclarations(() => plane)

const verdict = async () => (await plane.call('GET', '/audit/verify')).body

describe.each(['SQLite', 'Redis'])('the trail in %s, rewritten by hand', (kind) => {
  let lying: Lying
  let whole: Row[]

  beforeAll(async () => {
    redis = kind === 'Redis' ? await startRedis() : undefined
    const state = redis === undefined ? {} : { redis: { url: redis.url } }
    const env = { MODELGATE_MASTER_KEY: randomBytes(32).toString('base64') }
    plane = await startControlPlane({ config: { state }, env })
    lying = redis === undefined ? inFile(join(plane.gateway.dir, 'data')) : inRedis(redis)
    for (let team = 1; team <= 8; team++) await made('/teams', { name: `team ${team}` })
    whole = await lying.read()
  }, 300_000)
  afterAll(async () => {
    await plane?.stop()
    await redis?.stop()
  })

  it('holds as it is', async () => {
    expect(whole.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(await verdict()).toEqual({ ok: true, from: 1, to: 8, broken: null })
  })

  it.each(tamperings)('%s: the first entry that does not hold is %i', async (_, first, tamper) => {
    await lying.write(tamper(whole))
    expect(await verdict()).toMatchObject({ ok: false, broken: { sequence: first } })
    await lying.write(whole)
    expect(await verdict()).toMatchObject({ ok: true, broken: null })
  })

  it('goes on being broken after more was written to it', async () => {
    await lying.write(whole.filter(({ sequence }) => sequence !== 4))
    await made('/teams', { name: 'after the cut' })
    expect(await verdict()).toMatchObject({ ok: false, to: 9, broken: { sequence: 4 } })
  })
})

interface Entry extends Record<string, unknown> {
  readonly sequence: number
  readonly action: string
  readonly at: string
  readonly before: unknown
  readonly after: unknown
}

describe('the trail', () => {
  beforeAll(async () => {
    plane = await startControlPlane()
  })
  afterAll(() => plane?.stop())

  /** What one request left in the trail, oldest first. */
  async function leaves(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; entries: Entry[] }> {
    const newest = async () => (await plane.call('GET', '/audit?limit=100')).body['items'] as Entry[]
    const last = (await newest())[0]?.sequence ?? 0
    const from = Date.now()
    const { status, headers } = await plane.call(method, path, body)
    const until = Date.now()
    const entries = (await newest()).filter(({ sequence }) => sequence > last).toReversed()
    for (const { at, actor, address, request_id } of entries) {
      expect(Date.parse(at)).toBeGreaterThanOrEqual(from)
      expect(Date.parse(at)).toBeLessThanOrEqual(until)
      expect(actor).toEqual({ subject: 'admin-token', issuer: 'modelgate', kind: 'admin_token' })
      expect(address).toBe('127.0.0.1')
      expect(request_id).toBe(headers.get('x-request-id'))
    }
    return { status, entries }
  }

  const actions = ({ entries }: { entries: Entry[] }) => entries.map(({ action }) => action)

  it('tells of every change, with what was before and what is after', async () => {
    const { credential, model, connections } = await withModel()
    const team = await made('/teams', { name: 'told' })
    const route = await made('/routes', { name: 'told route', default: [model['name']] })
    const url = plane.upstream.url
    const inline = { name: 'second', model_name: 'm2', credentials: openaiKey('sk-inline', url) }
    const path = `${models}/${model.id}`
    const connection = `${path}/connections/${connections[0]?.id}`

    const rotated = await leaves('PATCH', `${credentials}/${credential.id}`, { api_key: 'sk-other' })
    expect(rotated.entries).toMatchObject([
      {
        action: 'credential.update',
        entity: { kind: 'credential', id: credential.id, name: credential['name'] },
      },
    ])
    const [{ before, after }] = rotated.entries as [Entry]
    expect(JSON.stringify(before)).not.toBe(JSON.stringify(after))
    expect(JSON.stringify([before, after])).not.toContain('sk-o')

    const opened = await leaves('PATCH', path, { team_access: ['told'] })
    expect(opened.entries).toMatchObject([
      { action: 'model.update', before: { team_access: 'all' }, after: { team_access: ['told'] } },
    ])
    expect(actions(await leaves('PATCH', connection, { weight: 5 }))).toEqual(['connection.update'])
    expect(actions(await leaves('POST', `${path}/connections`, inline)).toSorted()).toEqual([
      'connection.create',
      'credential.create',
    ])
    expect(actions(await leaves('PATCH', `/teams/${team.id}`, { name: 'renamed' })).toSorted()).toEqual([
      'model.update',
      'team.update',
    ])
    expect(actions(await leaves('DELETE', `/teams/${team.id}`)).toSorted()).toEqual([
      'model.update',
      'team.delete',
    ])
    expect(actions(await leaves('PATCH', `/routes/${route.id}`, { stages: {} }))).toEqual(['route.update'])
    expect(actions(await leaves('DELETE', `/routes/${route.id}`))).toEqual(['route.delete'])
    const gone = await leaves('DELETE', `${credentials}/${credential.id}?cascade=true`)
    expect(actions(gone)).toEqual(expect.arrayContaining(['connection.delete', 'credential.delete']))
    expect(actions(await leaves('DELETE', path))).toEqual(expect.arrayContaining(['model.delete']))
  })

  it('tells of what was revealed, validated, issued and revoked', async () => {
    plane.upstream.script = (response, request, socket) =>
      request.method === 'GET'
        ? sendJson(response, { object: 'list', data: [{ id: 'm' }] })
        : chatAnswer('well')(response, request, socket)
    const { credential } = await withModel()
    const at = `${credentials}/${credential.id}`
    expect(actions(await leaves('POST', `${at}/reveal`, { field: 'api_key' }))).toEqual(['credential.reveal'])
    expect(actions(await leaves('POST', `${at}/validate`, {}))).toEqual(['credential.validate'])
    const unsaved = { credentials: openaiKey('sk-unsaved', plane.upstream.url), model_name: 'm' }
    const validated = await leaves('POST', `${credentials}/validate`, unsaved)
    expect(actions(validated)).toEqual(['credential.validate'])
    expect(JSON.stringify(validated.entries)).not.toContain('sk-unsaved')
    const expires = new Date(Date.now() + 3_600_000).toISOString()
    const issued = await leaves('POST', '/keys', { name: 'told', team: 'crew', expires_at: expires })
    expect(actions(issued)).toEqual(['key.create'])
    const [key] = (await plane.call('GET', '/keys?q=told')).body['items'] as { id: string }[]
    expect(actions(await leaves('DELETE', `/keys/${key?.id}`))).toEqual(['key.revoke'])
  })

  it('tells of every refusal of a known actor, and what it was', async () => {
    const { credential } = await withModel()
    const refusals: [string, string, unknown, number, string][] = [
      ['POST', credentials, { name: 'x', creds_type: 'API_KEY', provider: 'openai' }, 400, 'invalid_field'],
      ['POST', credentials, 'not json', 400, 'invalid_json'],
      ['DELETE', `${credentials}/${credential.id}`, undefined, 409, 'in_use'],
      ['DELETE', `${credentials}/none`, undefined, 404, 'not_found'],
      ['PATCH', `${credentials}/${credential.id}`, { version: 7 }, 409, 'version_conflict'],
    ]
    for (const [method, path, body, status, code] of refusals) {
      const left = await leaves(method, path, body)
      expect(left).toMatchObject({ status, entries: [{ action: 'refused', after: { method, code } }] })
    }
    await expectRefusal('GET', '/audit', undefined, 401, {}, { authorization: 'Bearer nobody' })
  })
})
