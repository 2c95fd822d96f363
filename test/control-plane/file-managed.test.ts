import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts'
import { credentials, models, createDeclarations } from '../support/declarations.ts'
import { openaiKey } from '../support/fleet.ts'
import { chatAnswer } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

const fileKey = 'sk-of-the-file'
const storedKey = 'sk-of-the-store'

const declared = (url: string) => ({
  credentials: [{ name: 'account', ...openaiKey(fileKey, url) }],
  models: [
    { name: 'filed', connections: [{ name: 'main', credential: 'account', model_name: 'large' }] },
    {
      name: 'own',
      connections: [{ name: 'main', model_name: 'large', credentials: openaiKey('sk-own', url) }],
    },
  ],
  teams: [{ name: 'crew' }],
  routes: [{ name: 'auto', default: ['filed'] }],
})

let plane: ControlPlane
let token: string
const { made, expectRefusal } = createDeclarations(() => plane)

async function begin(config: (url: string) => Record<string, unknown>): Promise<void> {
  plane = await startControlPlane({ config })
  const expires = new Date(Date.now() + 3_600_000).toISOString()
  token = String((await made('/keys', { name: 'app', team: 'crew', expires_at: expires }))['key'])
}

type View = Record<string, unknown> & { readonly id: string }

/** What a list has of one name. */
async function listed(path: string, name: string): Promise<View[]> {
  const { body } = await plane.call('GET', path)
  return (body['items'] as View[]).filter((item) => item['name'] === name)
}

async function only(path: string, name: string): Promise<View> {
  const found = await listed(path, name)
  expect(found).toHaveLength(1)
  return found[0] as View
}

/** The key that the upstream was asked with; the error's code where it was not asked. */
async function askedWith(model: string): Promise<string> {
  const before = plane.upstream.requests.length
  const response = await fetch(`${plane.gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
  })
  const { error } = (await response.json()) as { error?: { code: string } }
  const [request] = plane.upstream.requests.slice(before)
  return request?.headers.authorization?.replace('Bearer ', '') ?? error?.code ?? 'nothing'
}

describe('what the configuration file declares', () => {
  beforeAll(() => begin(declared))
  afterAll(() => plane?.stop())

  it('is shown as the file’s, and refuses every change', async () => {
    const credential = await only(credentials, 'account')
    const model = await only(models, 'filed')
    const [connection] = model['connections'] as View[]
    const route = await only('/routes', 'auto')
    const team = await only('/teams', 'crew')
    for (const view of [credential, model, connection, route, team]) {
      expect(view).toMatchObject({ managed_by: 'file', version: null })
    }
    const connections = `${models}/${model.id}/connections`
    const more = { name: 'more', model_name: 'm', credentials: openaiKey('sk-more', plane.upstream.url) }
    const changes: [string, string, object | undefined][] = [
      ['PATCH', `${credentials}/${credential.id}`, { api_key: 'sk-other' }],
      ['PATCH', `${credentials}/${credential.id}`, { status: 'inactive' }],
      ['DELETE', `${credentials}/${credential.id}`, undefined],
      ['DELETE', `${credentials}/${credential.id}?cascade=true`, undefined],
      ['PATCH', `${models}/${model.id}`, { team_access: ['crew'] }],
      ['PATCH', `${models}/${model.id}`, { api_key: 'sk-other' }],
      ['DELETE', `${models}/${model.id}`, undefined],
      ['POST', connections, more],
      ['PATCH', `${connections}/${connection?.id}`, { enabled: false }],
      ['DELETE', `${connections}/${connection?.id}`, undefined],
      ['PATCH', `/routes/${route.id}`, { default: ['own'] }],
      ['DELETE', `/routes/${route.id}`, undefined],
      ['PATCH', `/teams/${team.id}`, { description: 'x' }],
      ['DELETE', `/teams/${team.id}`, undefined],
    ]
    for (const [method, path, body] of changes) {
      await expectRefusal(method, path, body, 409, { code: 'managed_by_file' })
    }
    expect(await askedWith('filed')).toBe(fileKey)
    const { body } = await plane.call('GET', '/audit?action=refused&limit=100')
    expect(body['items']).toHaveLength(changes.length)
  })

  it('keeps its names to itself', async () => {
    const url = plane.upstream.url
    const taken: [string, object][] = [
      [credentials, { name: 'ACCOUNT', ...openaiKey('sk-x', url) }],
      [models, { name: 'Filed', model_name: 'm', credentials: openaiKey('sk-x', url) }],
      [models, { name: 'auto', model_name: 'm', credentials: openaiKey('sk-x', url) }],
      ['/teams', { name: 'CREW' }],
      ['/routes', { name: 'filed', default: ['own'] }],
    ]
    for (const [path, body] of taken) {
      await expectRefusal('POST', path, body, 409, { code: 'conflict', field: 'name' })
    }
  })

  it('may be built on: a stored model on its credential, a stored route to its model', async () => {
    const credential = await only(credentials, 'account')
    const model = await made(models, {
      name: 'stored on the file',
      model_name: 'm',
      llm_credentials_id: credential.id,
    })
    await made('/routes', { name: 'stored route', default: ['filed'] })
    expect(await askedWith('stored on the file')).toBe(fileKey)
    expect(await askedWith('stored route')).toBe(fileKey)
    expect((await only(credentials, 'account'))['used_by']).toContainEqual({
      id: model.id,
      name: 'stored on the file',
    })
  })
})

describe('what the configuration file begins to declare', () => {
  beforeAll(() => begin(() => ({})))
  afterAll(() => plane?.stop())

  /** The file with other sections, taken up once `check` holds. */
  async function reload(sections: Record<string, unknown>, check: () => Promise<boolean>): Promise<void> {
    const { configFile } = plane.gateway
    const whole = parse(await readFile(configFile, 'utf8')) as Record<string, unknown>
    await writeFile(configFile, stringify({ ...whole, ...sections }))
    plane.gateway.signal('SIGHUP')
    await until('the file is taken up', check, { timeoutMs: 20_000, everyMs: 50 })
  }

  it('hides what is stored under its names, says so, and gives it back', { timeout: 60_000 }, async () => {
    plane.upstream.script = chatAnswer('well')
    const { url } = plane.upstream
    const credential = await made(credentials, { name: 'account', ...openaiKey(storedKey, url) })
    const onIt = { llm_credentials_id: credential.id, model_name: 'm' }
    const model = await made(models, { name: 'filed', ...onIt })
    await made(models, { name: 'beside', ...onIt })
    const team = await made('/teams', { name: 'crew' })
    const route = await made('/routes', { name: 'auto', default: ['beside'] })
    expect(await askedWith('filed')).toBe(storedKey)

    await reload(declared(url), async () => (await askedWith('filed')) === fileKey)
    for (const [path, name, stored] of [
      [credentials, 'account', credential],
      [models, 'filed', model],
      ['/teams', 'crew', team],
      ['/routes', 'auto', route],
    ] as const) {
      expect(await only(path, name)).toMatchObject({
        managed_by: 'file',
        shadows: { id: stored.id },
      })
    }
    // A stored connection whose credential is hidden uses the file's.
    expect(await askedWith('beside')).toBe(fileKey)
    const told = () =>
      plane.gateway
        .log()
        .filter((line) => line['msg'] === 'the file hides a stored entity of the same name')
        .map(({ id }) => id)
    await until('it is said in the log', () => told().length >= 4)
    expect(told()).toHaveLength(4)
    expect(told()).toEqual(expect.arrayContaining([credential.id, model.id, team.id, route.id]))
    await expectRefusal('PATCH', `/teams/${(await only('/teams', 'crew')).id}`, { description: 'x' }, 409, {
      code: 'managed_by_file',
    })

    const nothing = { credentials: [], models: [], teams: [], routes: [] }
    await reload(nothing, async () => (await askedWith('filed')) === storedKey)
    expect(await only(models, 'filed')).toMatchObject({
      id: model.id,
      managed_by: 'store',
      shadows: null,
      version: 1,
    })
    expect(await askedWith('beside')).toBe(storedKey)
    expect((await plane.call('PATCH', `/teams/${team.id}`, { description: 'x' })).status).toBe(200)
    expect(await askedWith('own')).toBe('model_not_found')
  })

  it('with a fault is not taken up, and what was declared stays', { timeout: 60_000 }, async () => {
    const { url } = plane.upstream
    await reload(declared(url), async () => (await askedWith('own')) === 'sk-own')
    const broken = { ...declared(url), routes: [{ name: 'auto', default: ['no such model'] }] }
    await reload(broken, async () =>
      plane.gateway.log().some((line) => JSON.stringify(line).includes('no such model')),
    )
    expect(await askedWith('own')).toBe('sk-own')
    expect(await askedWith('auto')).toBe(fileKey)
  })
})
