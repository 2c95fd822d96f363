import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { runCommand } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type PlantedAccount, plantedAccounts } from '../support/planted.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { secretForms } from '../support/secret-forms.ts'
import { audience, createIssuer } from '../support/tokens.ts'
import {
  chatEvents,
  event,
  type SeenRequest,
  sendJson,
  startSse,
  startUpstream,
} from '../support/upstream.ts'
import { until } from '../support/wait.ts'

const masterKey = randomBytes(32).toString('base64')
const adminToken = 'planted-admin-token-"quoted"'
const fileKey = 'planted-key-of-the-file "quoted" /+?&=%'
const redisPassword = 'planted-redis-password-/+?'
const prompt = 'planted prompt that nobody is to keep'

/** What a provider knows of a request, told in every spelling, in an error or in the middle of an answer. */
function echo({ headers, path, body }: SeenRequest): string {
  const known = [...Object.values(headers).map(String), path, body]
  const spellings = known.flatMap((text) => [
    text,
    encodeURIComponent(text),
    JSON.stringify(text),
    Buffer.from(text).toString('base64'),
    Buffer.from(text.replace(/^bearer /i, '')).toString('base64url'),
  ])
  return `You sent ${spellings.join(' and ')}.`
}

/** Tokens are given; what they are for is refused, or breaks off, each time in another way. */
function createRefusals() {
  let count = 0
  const statuses = [401, 400, 403, 404, 429, 500, 200]
  return (response: ServerResponse, request: SeenRequest): void => {
    const status = statuses[count++ % statuses.length] ?? 500
    const error = { message: echo(request), type: 'error', code: 'refused', param: echo(request) }
    if (request.path.startsWith('/token') && count % 2 === 0)
      return sendJson(response, { access_token: 'planted-access-token', expires_in: 3600 })
    if (status !== 200) {
      const headers = { 'x-request-id': String(request.headers.authorization ?? 'none').slice(0, 200) }
      return sendJson(response, { error, message: echo(request), __type: 'Refused' }, status, headers)
    }
    startSse(response)
    response.write(chatEvents('one ').slice(0, 2).join(''))
    response.end(event({ error }))
  }
}

interface Scene {
  readonly gateway: Gateway
  /** Every answer that was heard, head and body; but for those that are to show a secret. */
  readonly heard: string[]
  admin(method: string, path: string, body?: unknown, isShown?: boolean): Promise<Record<string, unknown>>
  chat(token: string, body: Record<string, unknown>): Promise<void>
}

function createScene(gateway: Gateway): Scene {
  const heard: string[] = []
  const ask = async (path: string, token: string, method: string, body?: unknown, isShown = false) => {
    const response = await fetch(gateway.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    })
    const text = await response.text()
    if (!isShown) heard.push(`${method} ${path}`, JSON.stringify([...response.headers]), text)
    return text
  }
  return {
    gateway,
    heard,
    async admin(method, path, body, isShown) {
      const text = await ask(`/ai/api/v1${path}`, adminToken, method, body, isShown)
      return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    },
    async chat(token, body) {
      await ask('/v1/chat/completions', token, 'POST', {
        messages: [{ role: 'user', content: prompt }],
        ...body,
      })
    },
  }
}

/** Everything that can be done with an account. */
async function use(scene: Scene, account: PlantedAccount, token: string, origin: string): Promise<void> {
  const { name, provider, modelName, declared } = account
  const admin: Scene['admin'] = (...asked) => scene.admin(...asked)
  const made = await admin('POST', '/llm_credentials', declared)
  const id = String(made['id'])
  expect({ name, id }).not.toEqual({ name, id: 'undefined' })
  const custom = {
    url: `${origin}/custom`,
    headers: { 'x-secret': '{{token}}' },
    request: '{ "text": messages[0].content }',
    response: { text: 'text' },
  }
  const asked = { model_name: modelName, provider }
  const { name: _, ...unsaved } = declared
  if (provider !== 'custom') await admin('POST', '/llm_credentials/validate', { ...unsaved, ...asked })
  if (provider !== 'custom') await admin('POST', `/llm_credentials/${id}/validate`, { provider })
  if (provider !== 'custom') await admin('POST', `/llm_credentials/${id}/validate`, asked)
  await admin('POST', '/llm_credentials', declared)
  await admin('PATCH', `/llm_credentials/${id}`, { ...unsaved, nonsense: 'x' })
  const model = await admin('POST', '/config/llm', {
    name: `model-${name}`,
    llm_credentials_id: id,
    ...asked,
    ...(provider === 'custom' ? { custom } : {}),
  })
  const at = `/config/llm/${String(model['id'])}`
  expect(model).toMatchObject({ name: `model-${name}` })
  for (let round = 0; round < 4; round++) {
    await admin('POST', `${at}/test`, { prompt })
    await scene.chat(token, { model: `model-${name}` })
    await scene.chat(token, { model: `model-${name}`, stream: true })
    await admin('POST', `${at}/health/refresh`)
  }
  for (const path of [at, `${at}/health`, `${at}/connections`, `/llm_credentials/${id}`])
    await admin('GET', path)
  await admin('POST', '/explain', { model: `model-${name}`, team: 'research' })
}

const inlineKey = 'planted-key-in-place "quoted" /+?&=%'
const rotatedInlineKey = 'planted-key-in-place-rotated "quoted" /+?&=%'
const rotatedKey = 'planted-key-rotated "quoted" /+?&=%'

/** A credential in place, rotated in both ways, and one that is saved, rotated under the models that use it. */
async function rotate(scene: Scene, token: string, origin: string, savedId: string): Promise<void> {
  const credentials = { creds_type: 'API_KEY', provider: 'openai', base_url: origin, api_key: inlineKey }
  const declared = { name: 'in-place', model_name: 'm', credentials }
  const model = await scene.admin('POST', '/config/llm', declared)
  const at = `/config/llm/${String(model['id'])}`
  const [connection] = model['connections'] as { id: string }[]
  await scene.chat(token, { model: 'in-place' })
  for (const [path, body] of [
    [at, { credentials: { api_key: rotatedInlineKey } }],
    [`${at}/connections/${connection?.id}`, { credentials: { api_key: inlineKey } }],
    [at, { api_key: rotatedInlineKey }],
    [at, { api_key: inlineKey, aws_region: 'x' }],
    [`/llm_credentials/${savedId}`, { api_key: rotatedKey }],
  ] as const) {
    await scene.admin('PATCH', path, body)
    await scene.chat(token, { model: 'in-place' })
    await scene.chat(token, { model: 'model-openai' })
    await scene.admin('POST', `${at}/health/refresh`)
  }
  await scene.admin('POST', '/config/llm', { ...declared, nonsense: inlineKey })
  await scene.admin('DELETE', at)
}

function filesIn(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path, 'latin1')])
}

/** `name of the secret, where`, for each that stands somewhere in any form. */
function leaks(
  secrets: ReadonlyMap<string, string>,
  places: readonly (readonly [string, string])[],
): string[] {
  return [...secrets].flatMap(([name, secret]) => {
    const forms = secretForms(secret)
    return places.flatMap(([place, text]) =>
      forms.some((form) => text.includes(form)) ? [`${name}, in ${place}`] : [],
    )
  })
}

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

describe.each(['embedded', 'Redis'])('secrets, with state %s', (state) => {
  it('are nowhere in what is written, answered or stored', { timeout: 120_000 }, async () => {
    const upstream = await startUpstream(createRefusals())
    const collector = await startUpstream((response) => sendJson(response, {}))
    ends.push(
      () => upstream.stop(),
      () => collector.stop(),
    )
    const redis = state === 'Redis' ? await startPlantedRedis() : null
    const origin = new URL(upstream.url).origin
    const issuer = await plantedIssuer()
    const fileModel = {
      name: 'of-file',
      connections: [{ name: 'only', model_name: 'm', credential: 'of-file' }],
    }
    const gateway = await startGateway({
      env: {
        MODELGATE_MASTER_KEY: masterKey,
        MODELGATE_ADMIN_TOKEN: adminToken,
        FILE_KEY: fileKey,
        NODE_OPTIONS: '--report-on-signal --report-signal=SIGUSR2 --report-directory=.',
      },
      config: {
        telemetry: { log_level: 'trace', otlp_endpoint: new URL(collector.url).origin },
        auth: issuer.auth,
        health: { enabled: false, timeout_seconds: 5 },
        upstream: { allow_http: true, allow_networks: ['127.0.0.0/8'] },
        cooldown: { base_seconds: 1, rate_limit_seconds: 1, max_seconds: 1 },
        credentials: [
          {
            name: 'of-file',
            creds_type: 'API_KEY',
            provider: 'openai',
            base_url: origin,
            api_key: '${FILE_KEY}',
          },
        ],
        models: [fileModel],
        ...(redis === null ? {} : { state: { redis: { url: redis.url, password: redisPassword } } }),
      },
    })
    ends.push(() => gateway.stop())
    const scene = createScene(gateway)
    const accounts = plantedAccounts(origin)
    const expires = new Date(Date.now() + 3_600_000).toISOString()
    const issued = await scene.admin(
      'POST',
      '/keys',
      { name: 'app', team: 'research', expires_at: expires },
      true,
    )
    const token = String(issued['key'])
    for (const account of accounts) await use(scene, account, token, origin)
    await scene.chat(token, { model: 'of-file' })
    for (const shown of ['planted.not.a-token', ...issuer.tokens]) {
      await scene.chat(shown, { model: 'of-file' })
      await scene.chat(shown, { model: 'model-openai', stream: true })
    }
    const [first] = accounts
    const { items } = await scene.admin('GET', '/llm_credentials?q=openai')
    const id = (items as { id: string; name: string }[]).find(({ name }) => name === 'openai')?.id
    const shown = await scene.admin('POST', `/llm_credentials/${id}/reveal`, { field: 'api_key' }, true)
    expect(shown['value']).toBe(first?.secrets[0])
    await rotate(scene, token, origin, String(id))
    for (const path of ['/audit?limit=200', '/keys', '/providers', '/routes', '/config/llm?limit=200'])
      await scene.admin('GET', path)

    const secrets = new Map([
      ['the master key', masterKey],
      ['the admin token', adminToken],
      ['the key of the file', fileKey],
      ['the password of Redis', redisPassword],
      ["the client's key", token],
      ...issuer.tokens.map((shown, index): [string, string] => [`token ${index} of an issuer`, shown]),
      // Which nobody could do without, and anybody could use with what the log does tell.
      ...issuer.tokens.map((shown, index): [string, string] => [`its signature ${index}`, partOf(shown, 2)]),
      ['an exchanged token', 'planted-access-token'],
      ['a key in place', inlineKey],
      ['its successor', rotatedInlineKey],
      ['the successor of a key', rotatedKey],
      ...accounts.flatMap(({ name, secrets: own }) =>
        own.map((secret, index): [string, string] => [`${name} ${index}`, secret]),
      ),
    ])
    const sent = upstream.requests.map(({ headers }) => headers.authorization)
    for (const used of [inlineKey, rotatedInlineKey, rotatedKey]) expect(sent).toContain(`Bearer ${used}`)
    const written = await whatWasWritten(gateway, redis)
    const places = [...written, ['traces', collector.requests.map(({ body }) => body).join('\n')] as const]
    // The search finds what is there: a name that is no secret stands in all of them.
    expect(scene.heard.join('\n')).toContain('model-anthropic')
    expect(new Map(places).get('the log')).toContain('model-anthropic')
    expect(new Map(places).get('the log')).toContain('"principal":"user-1"')
    expect(new Map(places).get('the export')).toContain('model-anthropic')
    expect(new Map(places).get('traces')).toContain('chat ')
    expect(leaks(secrets, [...places, ['an answer', scene.heard.join('\n')]])).toEqual([])
    expect(leaks(new Map([['the prompt', prompt]]), places)).toEqual([])
  })
})

/** Who is not of this gateway, and tokens of theirs: good, past their end, for somebody else, and with another's signature. */
async function plantedIssuer() {
  const dir = mkdtempSync(join(tmpdir(), 'modelgate-issuer-'))
  ends.push(() => rmSync(dir, { recursive: true }))
  const issuer = await createIssuer()
  const jwks = join(dir, 'jwks.json')
  await issuer.writeJwks(jwks)
  const good = await issuer.token()
  const other = await (await createIssuer()).token()
  return {
    auth: { issuers: [{ issuer: issuer.issuer, audience, jwks_file: jwks }] },
    tokens: [
      good,
      await issuer.token({ exp: 1_700_000_000 }),
      await issuer.token({ aud: 'somebody-else' }),
      [partOf(good, 0), partOf(good, 1), partOf(other, 2)].join('.'),
    ],
  }
}

const partOf = (token: string, part: number) => token.split('.')[part] ?? ''

async function startPlantedRedis(): Promise<RedisServer> {
  const args = ['--requirepass', redisPassword, '--rdbcompression', 'no']
  const redis = await startRedis({ appendOnly: true, args, client: { password: redisPassword } })
  ends.push(() => redis.stop())
  return redis
}

/** Each place and its text: all that outlives a request. */
async function whatWasWritten(gateway: Gateway, redis: RedisServer | null): Promise<[string, string][]> {
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  gateway.signal('SIGUSR2')
  const isReport = (name: string) => name.startsWith('report.') && name.endsWith('.json')
  const report = await until('there is a report', () => {
    const name = readdirSync(gateway.dir).find(isReport)
    const text = name === undefined ? '' : readFileSync(join(gateway.dir, name), 'utf8')
    return text.trimEnd().endsWith('}') ? text : undefined
  })
  const exported = await runCommand({
    args: ['export'],
    configFile: gateway.configFile,
    env: { MODELGATE_MASTER_KEY: masterKey, FILE_KEY: fileKey },
  })
  expect(exported.code).toBe(0)
  gateway.signal('SIGTERM')
  await gateway.exited
  if (redis !== null) await redis.call('SAVE')
  return [
    ['the log', gateway.output()],
    ['metrics', metrics],
    ['a report', report],
    ['the export', exported.out + exported.err],
    ...filesIn(join(gateway.dir, 'data')),
    ...(redis === null ? [] : filesIn(redis.dir)),
  ]
}
