import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type CommandResult, runCommand } from './support/command.ts'
import { type Gateway, startGateway } from './support/gateway.ts'
import { secretForms } from './support/secret-forms.ts'
import { startUpstream, type Upstream } from './support/upstream.ts'
import { until } from './support/wait.ts'

const adminToken = 'an-admin-token-for-tests'
const secret = 'sk-planted "quoted" /+? ümlaut'
const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')

let dir: string
let upstream: Upstream
const gateways: Gateway[] = []

beforeAll(async () => {
  upstream = await startUpstream()
})
afterAll(() => upstream.stop())
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelgate-commands-'))
})
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()))
  await rm(dir, { recursive: true, force: true })
})

/** What gateways and commands share: a configuration whose state is in `dir/name`. */
function settings(name: string) {
  return {
    state: { data_dir: join(dir, name) },
    upstream: { allow_http: true, allow_networks: ['127.0.0.0/8'] },
    health: { enabled: false },
  }
}

async function serve(name: string, env: Record<string, string> = {}): Promise<Gateway> {
  const environment = { MODELGATE_ADMIN_TOKEN: adminToken, ...env }
  const gateway = await startGateway({ config: settings(name), env: environment })
  gateways.push(gateway)
  return gateway
}

async function end(gateway: Gateway): Promise<void> {
  gateways.splice(gateways.indexOf(gateway), 1)
  await gateway.stop()
}

interface Running {
  readonly env?: Record<string, string>
  readonly input?: string
}

async function modelgate(name: string, args: string[], { env, input }: Running = {}): Promise<CommandResult> {
  const configFile = join(dir, `${name}.yaml`)
  await writeFile(configFile, stringify({ ...settings(name), listen: { host: '127.0.0.1', port: 0 } }))
  return runCommand({
    args,
    configFile,
    env: { HOME: dir, ...env },
    ...(input === undefined ? {} : { input }),
  })
}

async function admin(
  gateway: Gateway,
  path: string,
  body?: unknown,
  method = body === undefined ? 'GET' : 'POST',
) {
  const response = await fetch(`${gateway.url}/ai/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  const answer = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

function credential(name: string) {
  return {
    name,
    creds_type: 'API_KEY',
    provider: 'openai',
    api_key: `${secret} ${name}`,
    base_url: upstream.url,
  }
}

/** A credential, a model on it, a key for team `research`; answers that key and the credential's fingerprint. */
async function declare(gateway: Gateway) {
  const made = await admin(gateway, '/llm_credentials', credential('main'))
  await admin(gateway, '/config/llm', {
    name: 'gpt',
    provider: 'openai',
    llm_credentials_id: made['id'],
    model_name: 'upstream-model',
  })
  const ends = new Date(Date.now() + 3_600_000).toISOString()
  const issued = await admin(gateway, '/keys', { name: 'app', team: 'research', expires_at: ends })
  return { token: String(issued['key']), fingerprint: fingerprintOf(made) }
}

function fingerprintOf(view: Record<string, unknown>): string {
  return (view['secrets'] as { api_key: { fingerprint: string } }).api_key.fingerprint
}

async function chat(gateway: Gateway, token: string): Promise<number> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'hello' }] }),
    signal: AbortSignal.timeout(10_000),
  })
  await response.text()
  return response.status
}

/** Requests one after the other until it is ended; answers their statuses. */
function traffic(gateway: Gateway, token: string) {
  let isOn = true
  const statuses: number[] = []
  const done = (async () => {
    while (isOn) statuses.push(await chat(gateway, token))
  })()
  return {
    async stop() {
      isOn = false
      await done
      return statuses
    },
  }
}

const lastKey = () => upstream.requests.at(-1)?.headers['authorization']

describe('modelgate', () => {
  it('--help lists every command, and each says what it takes', async () => {
    const { code, out } = await modelgate('a', ['--help'])
    expect(code).toBe(0)
    for (const name of ['serve', 'check-config', 'token', 'rotate-master-key', 'export', 'import']) {
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
    }
    expect((await modelgate('a', ['token', '--help'])).out).toContain('--team NAME')
    expect((await modelgate('a', ['export', '--help'])).out).toContain('--output FILE')
    expect((await modelgate('a', ['import', '--help'])).out).toContain('--replace')
  })

  it('ends with 1 where the configuration has faults, or the state cannot be opened', async () => {
    const configFile = join(dir, 'broken.yaml')
    await writeFile(configFile, 'nonsense: true')
    for (const args of [['token', '--admin'], ['rotate-master-key'], ['export'], ['import']]) {
      const broken = await runCommand({ args, configFile })
      expect({ code: broken.code, out: broken.out }).toEqual({ code: 1, out: '' })
      expect(broken.err).toContain('unknown key "nonsense"')
    }
    await writeFile(join(dir, 'a'), 'a file where a folder should be')
    const closed = await modelgate('a', ['token', '--admin'])
    expect(closed).toMatchObject({ code: 1, out: '' })
    expect(closed.err).toMatch(/^modelgate: .*\n$/)
  })
})

describe('modelgate token', () => {
  it('prints a token that a gateway on the same state takes, and leaves it in the audit trail', async () => {
    const { code, out } = await modelgate('a', [
      'token',
      '--team',
      'research',
      '--team',
      'ops',
      '--name',
      'ci',
    ])
    expect(code).toBe(0)
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const gateway = await serve('a')
    const models = (token: string) =>
      fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${token}` } })
    expect((await models(out.trim())).status).toBe(200)
    const teams = (token: string) =>
      fetch(`${gateway.url}/ai/api/v1/teams`, { headers: { authorization: `Bearer ${token}` } })
    expect((await teams(out.trim())).status).toBe(403)
    // While the gateway runs, too.
    const root = await modelgate('a', ['token', '--admin', '--expires', '30m'])
    expect((await teams(root.out.trim())).status).toBe(200)
    const { items } = (await admin(gateway, '/audit')) as { items: Record<string, unknown>[] }
    expect(items.filter(({ action }) => action === 'token.issue')).toMatchObject([
      { after: { subject: 'local', teams: [], roles: ['admin'] } },
      {
        actor: { issuer: 'command-line', kind: 'system' },
        after: { subject: 'ci', teams: ['research', 'ops'], roles: [] },
      },
    ])
    expect(await admin(gateway, '/audit/verify')).toMatchObject({ ok: true })
  })

  it.each([
    [[], '--team or --admin is required'],
    [['--team', ' '], '--team must be a name'],
    [['--admin', '--expires', '1 day'], '--expires must be a time'],
    [['--admin', '--expires', '91d'], 'at most 90d'],
    [['--admin', '--nonsense'], "Unknown option '--nonsense'"],
  ])('%j is refused with 2, and nothing is made', async (args, words) => {
    const { code, out, err } = await modelgate('a', ['token', ...args])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(words)
    await expect(stat(join(dir, 'a'))).rejects.toThrow('ENOENT')
  })
})

describe('modelgate export and import', () => {
  it('move a registry to another store, where all is as it was, and no secret is in the file', async () => {
    const first = await serve('a')
    const { token, fingerprint } = await declare(first)
    const file = join(dir, 'registry.jsonl')
    // While the gateway runs.
    const written = await modelgate('a', ['export', '--output', file])
    expect(written).toEqual({
      code: 0,
      out: '',
      err: 'exported 1 credential, 1 model, 1 connection, 1 key\n',
    })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const text = await readFile(file, 'utf8')
    for (const form of secretForms(`${secret} main`)) expect(text).not.toContain(form)
    expect(text).toContain('upstream-model')
    for (const form of secretForms(token)) expect(text).not.toContain(form)
    await end(first)

    const env = { MODELGATE_MASTER_KEY: (await readFile(join(dir, 'a', 'master.key'), 'utf8')).trim() }
    const taken = await modelgate('b', ['import', '--input', file], { env })
    expect(taken).toMatchObject({ code: 0, err: '' })
    expect(taken.out).toMatch(
      /^imported 1 credential, 1 model, 1 connection, 1 key, exported at \S+ \(revision \d+\)\n$/,
    )
    const second = await serve('b', env)
    expect(await chat(second, token)).toBe(200)
    expect(lastKey()).toBe(`Bearer ${Buffer.from(`${secret} main`).toString()}`)
    const { items } = (await admin(second, '/llm_credentials')) as { items: Record<string, unknown>[] }
    expect(items.map((view) => [view['name'], fingerprintOf(view)])).toEqual([['main', fingerprint]])
    expect(await admin(second, '/audit/verify')).toMatchObject({ ok: true })
    const audit = (await admin(second, '/audit')) as { items: { action: string }[] }
    expect(audit.items.map(({ action }) => action)).toContain('registry.import')
  })

  it('reach a gateway that runs, by pipes, and its clients see no failure', async () => {
    const env = { MODELGATE_MASTER_KEY: key(1) }
    const gateway = await serve('a', env)
    const { token } = await declare(gateway)
    const written = await modelgate('a', ['export'], { env })
    expect(written.code).toBe(0)
    await admin(gateway, '/teams', { name: 'later' })
    const requests = traffic(gateway, token)
    const refused = await modelgate('a', ['import'], { env, input: written.out })
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('With --replace they go')
    const taken = await modelgate('a', ['import', '--replace'], { env, input: written.out })
    expect(taken.code).toBe(0)
    expect(taken.out).toContain('1 entities that were in the store and are not in the file are gone')
    await until('the gateway has taken it up', async () => {
      const { items } = (await admin(gateway, '/teams')) as { items: unknown[] }
      return items.length === 0
    })
    expect(new Set(await requests.stop())).toEqual(new Set([200]))
    expect(await admin(gateway, '/audit/verify')).toMatchObject({ ok: true })
  })

  it('need the same master key, and say which, before anything is written', async () => {
    const old = { MODELGATE_MASTER_KEY: `theirs:${key(1)}` }
    await modelgate('a', ['token', '--admin'], { env: old })
    const { out: input } = await modelgate('a', ['export'], { env: old })
    const other = { MODELGATE_MASTER_KEY: `ours:${key(2)}` }
    const refused = await modelgate('b', ['import'], { env: other, input })
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('Sealed under the master key "theirs", which is not configured.')
    expect((await modelgate('b', ['export'], { env: other })).err).toContain('nothing was ever written to it')
    const cut = await modelgate('b', ['import'], { env: old, input: input.slice(0, -20) })
    expect(cut).toMatchObject({
      code: 1,
      out: '',
      err: 'modelgate: The file is not whole: its end is missing.\n',
    })
    expect((await modelgate('b', ['import', '--input', join(dir, 'none')], { env: old })).code).toBe(1)
  })
})

describe('modelgate rotate-master-key', () => {
  it('goes on beside gateways that disagree on which key is active, and clients see no failure', async () => {
    const [old, next] = [`old:${key(1)}`, `new:${key(2)}`]
    const one = await serve('a', { MODELGATE_MASTER_KEY: `${old},${next}` })
    const { token } = await declare(one)
    const two = await serve('a', { MODELGATE_MASTER_KEY: `${next},${old}` })
    const requests = [traffic(one, token), traffic(two, token)]
    const env = { MODELGATE_MASTER_KEY: `${next},${old}` }
    const [rotated] = await Promise.all([
      modelgate('a', ['rotate-master-key'], { env }),
      admin(one, '/llm_credentials', credential('by one')),
      admin(two, '/llm_credentials', credential('by two')),
    ])
    expect(rotated).toMatchObject({ code: 0, err: '' })
    expect(rotated.out).toMatch(/were wrapped under the master key new\n/)
    for (const gateway of [one, two]) {
      await until('both have all credentials', async () => {
        const { items } = (await admin(gateway, '/llm_credentials')) as { items: { name: string }[] }
        return items.length === 3
      })
    }
    for (const running of requests) {
      const statuses = await running.stop()
      expect(new Set(statuses)).toEqual(new Set([200]))
    }
    expect(await admin(two, '/audit/verify')).toMatchObject({ ok: true })
    await end(one)
    // What the first has sealed meanwhile.
    expect((await modelgate('a', ['rotate-master-key'], { env })).code).toBe(0)
    const again = await modelgate('a', ['rotate-master-key'], { env })
    expect(again.out).toContain('everything is wrapped under the master key new already')
    await end(two)
    const after = await serve('a', { MODELGATE_MASTER_KEY: next })
    expect(await chat(after, token)).toBe(200)
    const { items } = (await admin(after, '/llm_credentials')) as { items: { id: string; name: string }[] }
    for (const { id, name } of items) {
      const path = `/llm_credentials/${id}/reveal`
      expect(await admin(after, path, { field: 'api_key' })).toEqual({ value: `${secret} ${name}` })
    }
    expect(items).toHaveLength(3)
  })

  it('does nothing to a generated key while the gateway runs, and makes a new one when it does not', async () => {
    const gateway = await serve('a')
    const { token } = await declare(gateway)
    const keyFile = join(dir, 'a', 'master.key')
    const before = await readFile(keyFile, 'utf8')
    const refused = await modelgate('a', ['rotate-master-key'])
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('is in use by another process, which must be stopped for this')
    expect(await readFile(keyFile, 'utf8')).toBe(before)
    expect(await chat(gateway, token)).toBe(200)
    await end(gateway)
    expect((await modelgate('a', ['rotate-master-key'])).code).toBe(0)
    const after = await readFile(keyFile, 'utf8')
    expect(after).toMatch(/^generated-[0-9a-f]{8}:\S{44}\n$/)
    expect(after).not.toContain(before.trim())
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    const again = await serve('a')
    expect(await chat(again, token)).toBe(200)
    expect(await admin(again, '/audit/verify')).toMatchObject({ ok: true })
  })

  it('with a wrong key says so, and nothing is lost', async () => {
    const right = { MODELGATE_MASTER_KEY: `old:${key(1)}` }
    await modelgate('a', ['token', '--admin'], { env: right })
    for (const wrong of [`new:${key(2)}`, `new:${key(2)},old:${key(3)}`]) {
      const refused = await modelgate('a', ['rotate-master-key'], { env: { MODELGATE_MASTER_KEY: wrong } })
      expect(refused).toMatchObject({ code: 1, out: '' })
      expect(refused.err).toMatch(/master key "old"/)
    }
    expect((await modelgate('a', ['export'], { env: right })).code).toBe(0)
  })
})
