import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts'

const planted = 'sk-planted-in-hostile-requests'

/** JSON of any shape, and texts that have undone others: prototypes, separators, halves of pairs, what looks like numbers. */
const odd = fc.constantFrom(
  '',
  ' ',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  '../..',
  'a#b',
  '1e999',
  '𝔘'.repeat(300),
)
const anything = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  odd,
  fc.double(),
  fc.constant(null),
)

describe('hostile requests', () => {
  let plane: ControlPlane
  let ids: Record<string, string>

  beforeAll(async () => {
    plane = await startControlPlane()
    const made = async (path: string, body: unknown) => {
      const { status, body: view } = await plane.call('POST', path, body)
      expect(status).toBe(201)
      return view as { id: string; connections?: { id: string }[] }
    }
    const credential = await made('/llm_credentials', {
      name: 'c',
      creds_type: 'API_KEY',
      provider: 'openai',
      api_key: planted,
      base_url: plane.upstream.url,
    })
    const model = await made('/config/llm', { model_name: 'm', llm_credentials_id: credential.id })
    const team = await made('/teams', { name: 't' })
    const route = await made('/routes', { name: 'r', default: ['m'] })
    ids = {
      '/llm_credentials': credential.id,
      '/config/llm': model.id,
      connection: model.connections?.[0]?.id ?? '',
      '/teams': team.id,
      '/routes': route.id,
    }
  })
  afterAll(() => plane.stop())

  /** Every operation with a body that is valid but for what the test puts in. */
  const operations: [method: string, path: () => string, good: Record<string, unknown>][] = [
    [
      'POST',
      () => '/llm_credentials',
      { name: 'x', creds_type: 'API_KEY', provider: 'openai', api_key: planted },
    ],
    [
      'POST',
      () => '/llm_credentials',
      {
        name: 'y',
        creds_type: 'AZURE',
        azure_endpoint: 'https://a.test',
        api_version: 'v1',
        api_key: planted,
      },
    ],
    [
      'POST',
      () => '/llm_credentials',
      {
        name: 'z',
        creds_type: 'GCP',
        gcp_project: 'p',
        gcp_location: 'l',
        gcp_service_account: { private_key: planted },
      },
    ],
    ['POST', () => '/llm_credentials', { name: 'w', creds_type: 'CUSTOM', secrets: { token: planted } }],
    ['PATCH', () => `/llm_credentials/${ids['/llm_credentials']}`, { api_key: planted, status: 'active' }],
    ['POST', () => `/llm_credentials/${ids['/llm_credentials']}/reveal`, { field: 'no-such-field' }],
    [
      'POST',
      () => '/config/llm',
      { name: 'mm', model_name: 'm', team_access: ['t'], supported_stages: ['planning'] },
    ],
    ['POST', () => '/config/llm/batch', { models: [{ model_name: 'm' }] }],
    [
      'PATCH',
      () => `/config/llm/${ids['/config/llm']}`,
      { display_name: 'd', embedding_dimensions: 3, policy: 'weighted' },
    ],
    [
      'POST',
      () => `/config/llm/${ids['/config/llm']}/connections`,
      { name: 'n', model_name: 'm2', weight: 1, overrides: { set: {} } },
    ],
    [
      'PATCH',
      () => `/config/llm/${ids['/config/llm']}/connections/${ids['connection']}`,
      { weight: 2, overrides: { drop: ['x'] } },
    ],
    ['POST', () => '/explain', { model: 'm', stage: 'planning', team: 't' }],
    ['POST', () => '/teams', { name: 'tt', description: 'd' }],
    ['PATCH', () => `/teams/${ids['/teams']}`, { description: 'd', version: 1 }],
    ['POST', () => '/keys', { name: 'k', team: 't', expires_at: '2099-01-01T00:00:00Z', models: ['m'] }],
    ['POST', () => '/routes', { name: 'rr', default: ['m'], stages: { planning: ['m'] } }],
    ['PATCH', () => `/routes/${ids['/routes']}`, { default: ['m'], stages: {} }],
  ]

  /** A good body with members replaced, taken out or added. */
  const twisted = (good: Record<string, unknown>) =>
    fc
      .tuple(
        fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(good)), odd, fc.string()), anything, {
          maxKeys: 3,
        }),
        fc.subarray(Object.keys(good)),
      )
      .map(([changes, kept]) => ({
        ...Object.fromEntries(kept.map((name) => [name, good[name]])),
        ...changes,
      }))

  it.each(operations)('%s operation %#: near-valid or any JSON, never a 500', async (method, path, good) => {
    const bodies = fc.oneof(
      { weight: 3, arbitrary: twisted(good) as fc.Arbitrary<unknown> },
      anything as fc.Arbitrary<unknown>,
    )
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        // The answer is checked against the document, whose refusals are 4xx of the error's shape.
        const answered = await plane.call(method, path(), JSON.stringify(body))
        expect(answered.status).toBeLessThan(500)
        expect(JSON.stringify(answered.body)).not.toContain(planted)
      }),
      { numRuns: 60 },
    )
  })

  it('any path and query, never a 500', async () => {
    const segment = fc.oneof(
      fc.string({ maxLength: 20 }),
      odd,
      fc.constantFrom('%00', '%ff', '%2e%2e', ';', 'config', 'llm'),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT'),
        fc.constantFrom('/llm_credentials/', '/config/llm/', '/teams/', '/keys/', '/routes/', '/audit/', '/'),
        fc.array(segment, { maxLength: 3 }),
        fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), { maxKeys: 3 }),
        async (method, base, segments, query) => {
          const path = segments
            .map((one) => (one.startsWith('%') ? one : encodeURIComponent(one.toWellFormed())))
            .join('/')
          const asked = new URLSearchParams(query).toString()
          // A path of dots is another path, which is the client's doing.
          const url = `${plane.gateway.url}/ai/api/v1${base}${path}${asked === '' ? '' : `?${asked}`}`
          const response = await fetch(url, {
            method,
            headers: { authorization: 'Bearer an-admin-token-for-control-plane-tests' },
          })
          await response.text()
          expect(response.status).toBeLessThan(500)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('what a client never ends is not waited for when it leaves', async () => {
    const stop = new AbortController()
    const endless = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"name":"')),
    })
    const sending = fetch(`${plane.gateway.url}/ai/api/v1/teams`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer an-admin-token-for-control-plane-tests',
        'content-type': 'application/json',
      },
      body: endless,
      duplex: 'half',
      signal: stop.signal,
    } as RequestInit)
    setTimeout(() => stop.abort(), 100)
    await expect(sending).rejects.toThrow('aborted')
    expect((await plane.call('GET', '/teams')).status).toBe(200)
    expect(plane.gateway.output()).not.toContain('within the gateway')
  })
})
