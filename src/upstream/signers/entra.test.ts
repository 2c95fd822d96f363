import { afterEach, describe, expect, it } from 'vitest'
import type { Credential } from '../../core/entities.ts'
import { Secret } from '../../core/secret.ts'
import { type Answer, type Asked, startLoopback } from './aws-loopback.suite.ts'
import { createEntraSigner } from './entra.ts'

const never = new AbortController().signal
const request = {
  method: 'POST',
  url: 'https://demo.openai.azure.com/openai/v1/chat/completions',
  headers: {},
  body: '{}',
} as const
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function setUp(answer: (asked: Asked) => Answer | null) {
  const endpoint = await startLoopback(answer)
  stops.push(() => endpoint.stop())
  const time = { now: 1_760_000_000_000 }
  const clock = { now: () => time.now, monotonic: () => time.now }
  const sign = createEntraSigner({ clock, fetchText: endpoint.fetchText, closing: never })
  const authorization = async (more: Partial<Credential> = {}, settings: Credential['settings'] = {}) => {
    const given = credential(more, { azure_token_url: `${endpoint.url}/t/oauth2/v2.0/token`, ...settings })
    return (await sign(request, given, never)).headers['authorization']
  }
  return { endpoint, time, authorization }
}

/** The configuration file's word, so that loopback is open to it. */
function credential(more: Partial<Credential>, settings: Credential['settings']): Credential {
  return {
    id: 'cred-1',
    name: 'azure',
    type: 'AZURE',
    provider: 'azure_openai',
    status: 'active',
    settings: { azure_endpoint: 'https://demo.openai.azure.com', azure_client_id: 'app-1', ...settings },
    secrets: { azure_client_secret: new Secret('s3cret value&=') },
    version: '1',
    managedBy: 'file',
    ...more,
  }
}

const token = (value: string, seconds: unknown = 3599): Answer => ({
  text: JSON.stringify({ token_type: 'Bearer', expires_in: seconds, access_token: value }),
})

describe('the token of an Entra application', () => {
  it('is asked for with its client credentials', async () => {
    const { endpoint, authorization } = await setUp(() => token('eyJ.one'))
    expect(await authorization()).toBe('Bearer eyJ.one')
    const [asked] = endpoint.asked
    expect(asked).toMatchObject({ method: 'POST', path: '/t/oauth2/v2.0/token' })
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'app-1',
      client_secret: 's3cret value&=',
      scope: 'https://cognitiveservices.azure.com/.default',
    })
  })

  it.each([
    [{ azure_endpoint: 'https://demo.services.ai.azure.com' }, 'https://ai.azure.com/.default'],
    [{ azure_endpoint: 'https://demo.openai.azure.us' }, 'https://cognitiveservices.azure.us/.default'],
    [{ azure_endpoint: 'https://gateway.example/azure' }, 'https://cognitiveservices.azure.com/.default'],
    [{ azure_endpoint: '' }, 'https://cognitiveservices.azure.com/.default'],
    [{ azure_scope: 'api://mine/.default' }, 'api://mine/.default'],
  ])('has the scope of its host: %o', async (settings, scope) => {
    const { endpoint, authorization } = await setUp(() => token('t1'))
    await authorization({}, settings)
    expect(new URLSearchParams(endpoint.asked[0]?.body).get('scope')).toBe(scope)
  })

  it('is kept until five minutes before its end, one exchange for all who ask', async () => {
    let count = 0
    const { endpoint, time, authorization } = await setUp(() => token(`t${(count += 1)}`, '3600'))
    const all = await Promise.all(Array.from({ length: 20 }, () => authorization()))
    expect(new Set(all)).toEqual(new Set(['Bearer t1']))
    time.now += 49 * 60_000
    expect(await authorization()).toBe('Bearer t1')
    expect(endpoint.asked).toHaveLength(1)
    time.now += 7 * 60_000
    expect(await authorization()).toBe('Bearer t2')
  })

  it('is never an old one’s after the secret was changed', async () => {
    const { authorization } = await setUp(({ body }) =>
      token(new URLSearchParams(body).get('client_secret') ?? ''),
    )
    const secret = (value: string) => ({ secrets: { azure_client_secret: new Secret(value) } })
    expect(await authorization(secret('old'))).toBe('Bearer old')
    expect(await authorization({ ...secret('new'), version: '2' })).toBe('Bearer new')
  })
})

describe('failures of the exchange with Entra', () => {
  it('a wrong secret is the credential’s fault, and not shown', async () => {
    const { authorization } = await setUp(() => ({
      status: 401,
      text: JSON.stringify({
        error: 'invalid_client',
        error_description: 'AADSTS7000215: Invalid client secret: s3cret value&=',
        error_codes: [7_000_215],
      }),
    }))
    await expect(authorization()).rejects.toMatchObject({
      code: 'upstream_auth_failed',
      reason: 'authentication',
      costly: false,
      upstream: {
        status: 401,
        message: "Entra's token endpoint: invalid_client: AADSTS7000215: Invalid client secret: [redacted]",
      },
    })
  })

  it('an outage is the provider’s', async () => {
    const { authorization } = await setUp(() => ({
      status: 400,
      text: '{"error":"temporarily_unavailable"}',
    }))
    await expect(authorization()).rejects.toMatchObject({ reason: 'provider_down', costly: false })
  })

  it('a credential that lacks something is not sent', async () => {
    const { endpoint, authorization } = await setUp(() => token('t1'))
    await expect(authorization({ secrets: {} })).rejects.toMatchObject({ reason: 'authentication' })
    expect(endpoint.asked).toHaveLength(0)
  })
})
