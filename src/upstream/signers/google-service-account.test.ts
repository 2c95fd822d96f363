import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { Credential } from '../../core/entities.ts'
import { Secret } from '../../core/secret.ts'
import { type Answer, type Asked, type Loopback, startLoopback } from './aws-loopback.suite.ts'
import { createGoogleServiceAccountSigner } from './google-service-account.ts'

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const never = new AbortController().signal
const minute = 60_000
const request = { method: 'POST', url: 'https://vertex.example/x', headers: { a: 'b' }, body: '{}' } as const
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

const token = (value: string, seconds: unknown = 3599): Answer => ({
  text: JSON.stringify({ access_token: value, expires_in: seconds, token_type: 'Bearer' }),
})

/** The signer on a clock that only the test moves, its token endpoint being on loopback. */
async function setUp(answer: (asked: Asked, endpoint: Loopback) => Answer | null) {
  const endpoint: Loopback = await startLoopback((asked) => answer(asked, endpoint))
  stops.push(() => endpoint.stop())
  const time = { now: Date.parse('2026-01-01T00:00:00Z') }
  const clock = { now: () => time.now, monotonic: () => time.now }
  const results: string[] = []
  const sign = createGoogleServiceAccountSigner({
    clock,
    fetchText: endpoint.fetchText,
    closing: never,
    onExchange: (result) => results.push(result),
  })
  const authorization = async (given: Credential = credential(endpoint.url), signal = never) =>
    (await sign(request, given, signal)).headers['authorization']
  return { endpoint, time, sign, authorization, results }
}

const account = {
  type: 'service_account',
  client_email: 'gateway@demo.iam.gserviceaccount.com',
  private_key: privateKey,
  private_key_id: 'key-1',
  token_uri: 'https://oauth2.googleapis.com/token',
}

/** The configuration file's word, so that loopback is open to it. */
function credential(tokenUrl: string, more: Partial<Credential> = {}, of: object = account): Credential {
  return {
    id: 'cred-1',
    name: 'vertex',
    type: 'GCP',
    provider: 'google',
    status: 'active',
    settings: {
      gcp_project: 'demo',
      gcp_location: 'global',
      ...(tokenUrl === '' ? {} : { token_url: tokenUrl }),
    },
    secrets: { gcp_service_account: new Secret(JSON.stringify(of)) },
    version: '1',
    managedBy: 'file',
    ...more,
  }
}

function part(text: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(text ?? '', 'base64url').toString()) as Record<string, unknown>
}

describe('the token of a service account', () => {
  it('is asked for with a signed assertion', async () => {
    const { endpoint, time, sign } = await setUp(() => token('ya29.one'))
    const signed = await sign(request, credential(`${endpoint.url}/token`), never)
    expect(signed).toEqual({ ...request, headers: { a: 'b', authorization: 'Bearer ya29.one' } })
    const [asked] = endpoint.asked
    expect(asked).toMatchObject({ method: 'POST', path: '/token' })
    expect(asked?.headers['content-type']).toMatch('application/x-www-form-urlencoded')
    const form = new URLSearchParams(asked?.body)
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const [head, claims, signature] = (form.get('assertion') ?? '').split('.')
    expect(part(head)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' })
    expect(part(claims)).toEqual({
      iss: account.client_email,
      aud: account.token_uri,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      iat: time.now / 1000,
      exp: time.now / 1000 + 3600,
    })
    const data = Buffer.from(`${head}.${claims}`)
    expect(
      verify('RSA-SHA256', data, createPublicKey(privateKey), Buffer.from(signature ?? '', 'base64url')),
    ).toBe(true)
  })

  it('is asked for once, however many ask', async () => {
    const { endpoint, authorization, results } = await setUp(() => token('t1'))
    const all = await Promise.all(Array.from({ length: 50 }, () => authorization()))
    expect(new Set(all)).toEqual(new Set(['Bearer t1']))
    expect(endpoint.asked).toHaveLength(1)
    expect(results).toEqual(['success'])
  })

  it('is replaced ahead of its end, while the old one serves', async () => {
    let count = 0
    const { endpoint, time, authorization } = await setUp(() => token(`t${(count += 1)}`))
    await authorization()
    time.now += 49 * minute
    expect(await authorization()).toBe('Bearer t1')
    expect(endpoint.asked).toHaveLength(1)
    time.now += 2 * minute
    expect(await authorization()).toBe('Bearer t1')
    await expect.poll(() => authorization()).toBe('Bearer t2')
    expect(endpoint.asked).toHaveLength(2)
    time.now += 56 * minute
    expect(await authorization()).toBe('Bearer t3')
  })

  it('is never an old one’s after the secret was changed', async () => {
    let count = 0
    const { endpoint, authorization } = await setUp(() => token(`t${(count += 1)}`))
    expect(await authorization()).toBe('Bearer t1')
    const rotated = credential(endpoint.url, { version: '2' })
    expect(await authorization(rotated)).toBe('Bearer t2')
    expect(await authorization(rotated)).toBe('Bearer t2')
  })

  it('takes a key whose line ends came through an environment variable', async () => {
    const { endpoint, authorization } = await setUp(() => token('t1'))
    const escaped = { ...account, private_key: privateKey.replaceAll('\n', '\\n') }
    expect(await authorization(credential(endpoint.url, {}, escaped))).toBe('Bearer t1')
  })
})

describe('failures of the exchange', () => {
  it.each<[string, Answer, object]>([
    [
      'invalid_grant',
      { status: 400, text: '{"error":"invalid_grant","error_description":"Invalid JWT Signature."}' },
      {
        code: 'upstream_auth_failed',
        reason: 'authentication',
        upstream: { status: 400, message: "Google's token endpoint: invalid_grant: Invalid JWT Signature." },
      },
    ],
    ['401 without words', { status: 401, text: '' }, { reason: 'authentication' }],
    ['429', { status: 429, text: '{}' }, { code: 'rate_limit_exceeded', reason: 'rate_limit' }],
    ['500', { status: 500, text: 'oops' }, { reason: 'provider_down' }],
    ['an answer without a token', { text: '{"expires_in":5}' }, { reason: 'provider_down' }],
    ['a token for no time', token('t', 'soon'), { reason: 'provider_down' }],
    ['a token that is no header', token('a\nb'), { reason: 'provider_down' }],
    ['a page', { text: '<html>' }, { reason: 'provider_down' }],
  ])('%s', async (_name, answer, expected) => {
    const { authorization, results } = await setUp(() => answer)
    await expect(authorization()).rejects.toMatchObject({ costly: false, ...expected })
    expect(results).toEqual(['failure'])
  })

  it('are remembered for five seconds, and no longer', async () => {
    const refusal = { status: 400, text: '{"error":"invalid_grant"}' }
    let answer: Answer = refusal
    const { endpoint, time, authorization } = await setUp(() => answer)
    await expect(authorization()).rejects.toMatchObject({ reason: 'authentication' })
    answer = token('t1')
    await expect(authorization()).rejects.toMatchObject({ reason: 'authentication' })
    expect(endpoint.asked).toHaveLength(1)
    time.now += 5_000
    expect(await authorization()).toBe('Bearer t1')
  })

  it('are network where nobody answers', async () => {
    const { authorization } = await setUp(() => token('t1'))
    await expect(authorization(credential('http://127.0.0.1:1/'))).rejects.toMatchObject({
      code: 'upstream_error',
      reason: 'network',
      costly: false,
    })
  })

  it('do not hold a caller that leaves', async () => {
    const { endpoint, authorization } = await setUp(() => null)
    const leaving = new AbortController()
    const waiting = authorization(credential(endpoint.url), leaving.signal)
    leaving.abort(new Error('left'))
    await expect(waiting).rejects.toThrow('left')
  })

  it('never show the assertion, even where the endpoint repeats it', async () => {
    const { authorization } = await setUp(({ body }) => {
      const assertion = new URLSearchParams(body).get('assertion')
      return { status: 400, text: JSON.stringify({ error: `bad ${assertion}` }) }
    })
    await expect(authorization()).rejects.toMatchObject({
      upstream: { message: "Google's token endpoint: bad [redacted]" },
    })
  })
})

describe('where an assertion may go', () => {
  it.each([
    'http://oauth2.googleapis.com/token',
    'https://evil.example/token',
    'https://googleapis.com.evil.example/token',
    'https://evilgoogleapis.com/token',
    'https://oauth2.googleapis.com:8443/token',
    'https://user@oauth2.googleapis.com/token',
    'http://169.254.169.254/',
    'nonsense',
  ])('not to the key file’s %s', async (tokenUri) => {
    const { endpoint, authorization } = await setUp(() => token('t1'))
    const given = credential('', {}, { ...account, token_uri: tokenUri })
    await expect(authorization(given)).rejects.toMatchObject({
      reason: 'authentication',
      message: expect.stringContaining('token_uri'),
    })
    expect(endpoint.asked).toHaveLength(0)
  })

  it('not by a redirect', async () => {
    const redirecting = await startLoopback(() => token('stolen'))
    stops.push(() => redirecting.stop())
    const { sign } = await setUp(() => null)
    const server = await startRedirect(`${redirecting.url}/token`)
    stops.push(() => server.stop())
    await expect(sign(request, credential(server.url), never)).rejects.toMatchObject({
      reason: 'provider_down',
    })
    expect(redirecting.asked).toHaveLength(0)
  })

  it('not to a private address that came by the control plane', async () => {
    const { endpoint, authorization } = await setUp(() => token('t1'))
    const given = credential(endpoint.url, { managedBy: 'store' })
    await expect(authorization(given)).rejects.toMatchObject({ reason: 'network', costly: false })
    expect(endpoint.asked).toHaveLength(0)
  })
})

describe('a key file that cannot be used', () => {
  it.each<[string, Partial<Credential>]>([
    ['none', { secrets: {} }],
    ['no JSON', { secrets: { gcp_service_account: new Secret('private words') } }],
    ['null', { secrets: { gcp_service_account: new Secret('null') } }],
    ['no key', { secrets: { gcp_service_account: new Secret('{"client_email":"private words"}') } }],
    [
      'no such key',
      {
        secrets: {
          gcp_service_account: new Secret(JSON.stringify({ ...account, private_key: 'private words' })),
        },
      },
    ],
  ])('%s: says so, and shows nothing of it', async (_name, more) => {
    const { endpoint, authorization } = await setUp(() => token('t1'))
    const failed: unknown = await authorization(credential(endpoint.url, more)).catch(
      (error: unknown) => error,
    )
    expect(failed).toMatchObject({ code: 'upstream_auth_failed', reason: 'authentication', costly: false })
    expect(`${String(failed)} ${String((failed as Error).cause)}`).not.toContain('private words')
    expect(endpoint.asked).toHaveLength(0)
  })
})

async function startRedirect(location: string) {
  const server = createServer((_incoming, outgoing) => outgoing.writeHead(307, { location }).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
