import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from './support/gateway.ts'
import { audience, createIssuer, type TestIssuer } from './support/tokens.ts'
import { until } from './support/wait.ts'

const echo = {
  name: 'echo',
  builtin: true,
  connections: [
    { name: 'default', model_name: 'echo', credentials: { creds_type: 'API_KEY', provider: 'echo' } },
  ],
}
const model = (name: string, team_access: unknown) => ({ ...echo, name, builtin: false, team_access })

let dir: string
let issuer: TestIssuer
let other: TestIssuer
let jwks: Server
let served: object[] | null
let fetches = 0
let gateway: Gateway

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelgate-access-'))
  issuer = await createIssuer()
  other = await createIssuer({ issuer: 'https://other.test', kid: 'other-1' })
  served = issuer.keys
  jwks = createServer((_, response) => {
    fetches++
    if (served === null) response.destroy()
    else response.end(JSON.stringify({ keys: served }))
  })
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve))
  await other.writeJwks(join(dir, 'other.json'))
  await writeFile(
    join(dir, 'local-token'),
    await issuer.token({ sub: 'pod', teams: ['local-team', 'red-1'] }),
  )
  gateway = await startGateway({
    env: { MODELGATE_ADMIN_TOKEN: 'an-admin-token-of-length' },
    config: {
      auth: {
        issuers: [
          {
            issuer: issuer.issuer,
            audience,
            jwks_uri: `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/`,
            teams: ['research', 'support', 'local-team'],
            teams_claim: 'teams',
          },
          {
            issuer: other.issuer,
            audience: 'other-audience',
            jwks_file: join(dir, 'other.json'),
            team_prefix: 'red-',
            teams_claim: ['kubernetes.io', 'namespace'],
          },
        ],
        local_identity: { token_file: join(dir, 'local-token') },
      },
      models: [
        echo,
        model('research-only', ['research']),
        model('red-only', ['red-1']),
        model('local-only', ['local-team']),
      ],
    },
  })
})
afterAll(async () => {
  await gateway.stop()
  jwks.close()
  await rm(dir, { recursive: true, force: true })
})

async function ask(token: string, modelName = 'echo'): Promise<[number, string | null]> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: modelName, messages: [{ role: 'user', content: 'hi' }] }),
  })
  const body = (await response.json()) as { error?: { code: string } }
  const challenge = response.headers.get('www-authenticate') ?? ''
  expect(challenge.startsWith('Bearer ')).toBe(response.status === 401)
  return [response.status, body.error?.code ?? null]
}

const now = () => Math.floor(Date.now() / 1000)
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a token', () => {
  it('opens what its teams may use', async () => {
    expect(await ask(await issuer.token(), 'research-only')).toEqual([200, null])
    expect(await ask(await issuer.token({ teams: 'support research' }), 'research-only')).toEqual([200, null])
    expect(await ask(await issuer.token({ teams: [] }), 'research-only')).toEqual([404, 'model_not_found'])
    expect(await ask(await issuer.token({ teams: undefined }))).toEqual([200, null])
  })

  it.each<[string, () => Promise<string>, string]>([
    ['with a claim changed after signing', async () => tampered(await issuer.token()), 'invalid_api_key'],
    ['of another key', async () => (await createIssuer()).token(), 'invalid_api_key'],
    [
      'with alg none',
      async () => `${base64({ alg: 'none', kid: 'key-1' })}.${base64(claims())}.`,
      'invalid_api_key',
    ],
    ['signed by HS256 with the public key', hmacWithPublicKey, 'invalid_api_key'],
    ['of an unknown issuer', () => issuer.token({ iss: 'https://evil.test' }), 'invalid_api_key'],
    [
      'of one issuer signed by the other',
      () => other.token({ iss: issuer.issuer, aud: audience }),
      'invalid_api_key',
    ],
    ['for another audience', () => issuer.token({ aud: 'someone-else' }), 'invalid_api_key'],
    ['without an audience', () => issuer.token({ aud: undefined }), 'invalid_api_key'],
    ['without an expiry', () => issuer.token({ exp: undefined }), 'invalid_api_key'],
    ['not yet valid', () => issuer.token({ nbf: now() + 120 }), 'invalid_api_key'],
    ['expired', () => issuer.token({ exp: now() - 60 }), 'token_expired'],
    ['larger than any token', () => issuer.token({ padding: 'x'.repeat(40_000) }), 'invalid_api_key'],
    ['that only looks like one', async () => `${base64({ alg: 'ES256' })}.e30.xx`, 'invalid_api_key'],
  ])('is refused: %s', async (_, make, code) => {
    expect(await ask(await make())).toEqual([401, code])
  })

  it('is given 30 s of leeway', async () => {
    expect(await ask(await issuer.token({ exp: now() - 10 }))).toEqual([200, null])
    expect(await ask(await issuer.token({ nbf: now() + 20 }))).toEqual([200, null])
  })

  it('speaks only for the teams of its issuer', async () => {
    const red = (namespace: string) =>
      other.token({ aud: 'other-audience', teams: undefined, 'kubernetes.io': { namespace } })
    expect(await ask(await red('red-1'), 'red-only')).toEqual([200, null])
    expect(await ask(await red('research'), 'research-only')).toEqual([404, 'model_not_found'])
    expect(await ask(await issuer.token({ teams: ['red-1'] }), 'red-only')).toEqual([404, 'model_not_found'])
  })

  it('of the control plane is none of the data plane', async () => {
    expect((await ask('an-admin-token-of-length'))[0]).not.toBe(500)
  })
})

it('an application on loopback without a token acts as the pod it stands in', async () => {
  const response = await fetch(`${gateway.url}/v1/models`)
  expect(response.status).toBe(200)
  const { data } = (await response.json()) as { data: { id: string }[] }
  expect(data.map(({ id }) => id).toSorted()).toEqual(['echo', 'local-only'])
  expect(await ask('none', 'local-only')).toEqual([200, null])
})

it('keys are fetched anew for an unknown kid, at most once per cooldown, and kept while the endpoint is down', async () => {
  await ask(await issuer.token())
  const before = fetches
  const codes = await Promise.all(
    Array.from({ length: 20 }, async () => ask(await issuer.token({}, { kid: 'never-seen' }))),
  )
  for (const code of codes) expect(code).toEqual([401, 'invalid_api_key'])
  expect(fetches - before).toBeLessThanOrEqual(1)
  served = null
  expect(await ask(await issuer.token({ sub: 'someone-new' }))).toEqual([200, null])
})

it('a client that leaves while its token is looked at is recorded all the same', async () => {
  const slow = createServer((_, response) => {
    setTimeout(() => response.end(JSON.stringify({ keys: issuer.keys })), 1000)
  })
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
  const jwks_uri = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/`
  const waiting = await startGateway({
    config: { auth: { issuers: [{ issuer: issuer.issuer, audience, jwks_uri }] }, models: [echo] },
  })
  try {
    const token = await issuer.token()
    const head = [
      'POST /v1/chat/completions HTTP/1.1',
      'host: x',
      `authorization: Bearer ${token}`,
      'content-length: 100',
    ]
    const socket = connect(Number(new URL(waiting.url).port), '127.0.0.1', () => {
      socket.write(`${head.join('\r\n')}\r\n\r\n{"mod`, () => socket.resetAndDestroy())
    })
    socket.on('error', () => {})
    const record = await until('the record', () => waiting.log().find((line) => line['msg'] === 'request'))
    expect(record).toMatchObject({ outcome: 'aborted', status: 499 })
  } finally {
    await waiting.stop()
    slow.close()
  }
})

it('rotated keys are taken up', async () => {
  const rotating = await createIssuer({ kid: 'old' })
  const file = join(dir, 'rotating.json')
  await rotating.writeJwks(file)
  const sidecar = await startGateway({
    config: { auth: { issuers: [{ issuer: rotating.issuer, audience, jwks_file: file }] }, models: [echo] },
  })
  try {
    const status = async (token: string) =>
      (await fetch(`${sidecar.url}/v1/models`, { headers: { authorization: `Bearer ${token}` } })).status
    expect(await status(await rotating.token())).toBe(200)
    const next = await createIssuer({ kid: 'new' })
    await next.writeJwks(file)
    await until(
      'the new key is known',
      async () => (await status(await next.token({ jti: crypto.randomUUID() }))) === 200,
      {
        timeoutMs: 60_000,
        everyMs: 200,
      },
    )
  } finally {
    await sidecar.stop()
  }
}, 90_000)

function claims(): Record<string, unknown> {
  return { iss: issuer.issuer, aud: audience, sub: 'x', teams: ['research'], exp: now() + 600 }
}

function tampered(token: string): string {
  const [head, , signature] = token.split('.')
  return [head, base64({ ...claims(), teams: ['support'] }), signature].join('.')
}

async function hmacWithPublicKey(): Promise<string> {
  const key = await importJWK({ ...issuer.keys[0], ext: true } as never, 'ES256', { extractable: true })
  const pem = await exportSPKI(key as never)
  const signed = `${base64({ alg: 'HS256', kid: 'key-1', typ: 'JWT' })}.${base64(claims())}`
  return `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`
}

it('tokens of every asymmetric algorithm are taken', async () => {
  const algorithms = [
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
  ]
  const pairs = await Promise.all(
    algorithms.map(async (alg) => ({ alg, ...(await generateKeyPair(alg, { extractable: true })) })),
  )
  const { exportJWK } = await import('jose')
  const keys = await Promise.all(
    pairs.map(async ({ alg, publicKey }) => ({ ...(await exportJWK(publicKey)), kid: alg, alg, use: 'sig' })),
  )
  const file = join(dir, 'all.json')
  await writeFile(file, JSON.stringify({ keys }))
  const all = await startGateway({
    config: {
      auth: { issuers: [{ issuer: 'https://all.test', audience, jwks_file: file }] },
      models: [echo],
    },
  })
  try {
    for (const { alg, privateKey } of pairs) {
      const token = await new SignJWT({ ...claims(), iss: 'https://all.test' })
        .setProtectedHeader({ alg, kid: alg })
        .sign(privateKey)
      const response = await fetch(`${all.url}/v1/models`, { headers: { authorization: `Bearer ${token}` } })
      expect([alg, response.status]).toEqual([alg, 200])
    }
  } finally {
    await all.stop()
  }
})
