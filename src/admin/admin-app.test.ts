import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { z } from '@hono/zod-openapi'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Refusal } from '../access/refusals.ts'
import type { Principal } from '../core/entities.ts'
import { createAdmin, type RefusedVisit } from './admin-app.ts'
import { endpoint } from './endpoint.ts'
import { AdminRefusal } from './refusal.ts'

const principal: Principal = {
  subject: 'someone',
  issuer: 'test',
  teams: [],
  roles: [],
  tokenId: null,
  admin: true,
  models: null,
}

const things = [
  endpoint({
    method: 'post',
    path: '/things',
    tag: 'Models',
    summary: 'Make a thing',
    body: z.strictObject({ name: z.string().min(1), size: z.int().max(9).optional() }),
    answers: { 201: { description: 'Made', schema: z.strictObject({ name: z.string() }) } },
    handle: async ({ body }) => ({ status: 201, body, headers: { etag: '"1"' } }),
  }),
  endpoint({
    method: 'get',
    path: '/things/{id}',
    tag: 'Models',
    summary: 'One thing',
    params: z.strictObject({ id: z.string() }),
    query: z.strictObject({ limit: z.coerce.number().int().default(5) }),
    answers: { 200: { description: 'It', schema: z.strictObject({ id: z.string(), limit: z.int() }) } },
    handle: async ({ params, query }) => {
      if (params.id === 'broken') throw new Error('the disk says sk-secret')
      return { status: 200, body: { id: params.id, limit: query.limit } }
    },
  }),
  endpoint({
    method: 'delete',
    path: '/things/{id}',
    tag: 'Models',
    summary: 'Delete a thing',
    params: z.strictObject({ id: z.string() }),
    answers: { 204: { description: 'Gone' } },
    handle: async ({ params }, visit) => {
      if (params.id === 'used') throw new AdminRefusal('in_use', 'It is in use.')
      if (visit.ifMatch !== undefined) throw new AdminRefusal('precondition_failed', 'No.')
      return { status: 204 }
    },
  }),
]

describe('the control plane', () => {
  let server: Server
  let origin: string
  const refusals: RefusedVisit[] = []
  const faults: unknown[] = []

  beforeEach(async () => {
    refusals.length = faults.length = 0
    const admin = createAdmin({
      endpoints: things,
      authenticate: ({ authorization }) => {
        if (authorization === undefined) throw new Refusal('missing')
        if (authorization === 'Bearer old') throw new Refusal('expired')
        return { ...principal, admin: authorization === 'Bearer admin' }
      },
      remoteAddress: ({ socket }) => socket.remoteAddress ?? '',
      version: '1.2.3',
      makeId: () => 'request-1',
      onFault: (error) => faults.push(error),
      onRefused: async (refused) => void refusals.push(refused),
    })
    const listener = getRequestListener(admin.fetch, { overrideGlobalObjects: false })
    server = createServer((incoming, outgoing) => void listener(incoming, outgoing))
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  async function send(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { authorization: 'Bearer admin', 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    return { response, status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) }
  }
  const post = (body: string, headers?: Record<string, string>) =>
    send('POST', '/ai/api/v1/things', body, headers)

  it('answers, never to be cached, with the request id', async () => {
    const { response, status, body } = await post('{"name":"a"}')
    expect({ status, body }).toEqual({ status: 201, body: { name: 'a' } })
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-request-id')).toBe('request-1')
    expect(response.headers.get('etag')).toBe('"1"')
    expect((await send('DELETE', '/ai/api/v1/things/free')).status).toBe(204)
  })

  it.each([
    ['{"name":', 'invalid_json', undefined],
    ['', 'invalid_json', undefined],
    [`{"name":${'['.repeat(70)}${']'.repeat(70)}}`, 'invalid_json', undefined],
    ['[]', 'invalid_field', undefined],
    ['{}', 'invalid_field', 'name'],
    ['{"name":1}', 'invalid_field', 'name'],
    ['{"name":"a","size":10}', 'invalid_field', 'size'],
    ['{"name":"a","colour":"sk-secret"}', 'unknown_field', 'colour'],
    ['{"name":"a","__proto__":1}', 'unknown_field', '__proto__'],
    ['{"name":{"a":[{"__proto__":{}}]}}', 'unknown_field', 'name.a[0].__proto__'],
    ['{"name":"\\ud800"}', 'invalid_json', 'name'],
    ['{"name":{"\\udfff":1}}', 'invalid_json', 'name.\udfff'],
  ])('refuses %s', async (sent, code, field) => {
    const { status, body } = await post(sent)
    expect(status).toBe(400)
    expect(body).toMatchObject({ error: { code, ...(field === undefined ? {} : { field }) } })
    expect(JSON.stringify(body)).not.toContain('sk-secret')
  })

  it('says what is required in the words of the field', async () => {
    expect((await post('{}')).body).toEqual({
      error: { message: 'name is required', code: 'invalid_field', field: 'name' },
    })
  })

  it('takes JSON only, and not too much of it', async () => {
    expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415)
    const large = await post(JSON.stringify({ name: 'a'.repeat(5 * 1024 * 1024) }))
    expect(large).toMatchObject({ status: 413, body: { error: { code: 'request_too_large' } } })
    expect(large.response.headers.get('connection')).toBe('close')
  })

  it('refuses unknown and repeated query parameters', async () => {
    expect(await send('GET', '/ai/api/v1/things/a?limit=3')).toMatchObject({ body: { id: 'a', limit: 3 } })
    const unknown = await send('GET', '/ai/api/v1/things/a?order=up')
    expect(unknown).toMatchObject({ status: 400, body: { error: { code: 'unknown_field', field: 'order' } } })
    expect((await send('GET', '/ai/api/v1/things/a?limit=3&limit=4')).status).toBe(400)
  })

  it('lets in only whom it knows as an administrator', async () => {
    const stranger = await fetch(`${origin}/ai/api/v1/things/a`)
    expect(stranger.status).toBe(401)
    expect(stranger.headers.get('www-authenticate')).toContain('Bearer')
    const old = await send('GET', '/ai/api/v1/things/a', undefined, { authorization: 'Bearer old' })
    expect(old).toMatchObject({ status: 401, body: { error: { code: 'token_expired' } } })
    const user = await send('GET', '/ai/api/v1/things/a', undefined, { authorization: 'Bearer user' })
    expect(user).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } })
    expect(refusals).toMatchObject([{ method: 'GET', path: '/things/{id}', refusal: { code: 'forbidden' } }])
  })

  it('tells refused changes by known actors, with who and whence', async () => {
    expect((await send('DELETE', '/ai/api/v1/things/used')).status).toBe(409)
    expect((await send('DELETE', '/ai/api/v1/things/a', undefined, { 'if-match': '"9"' })).status).toBe(412)
    expect(refusals.map(({ refusal }) => refusal.code)).toEqual(['in_use', 'precondition_failed'])
    expect(refusals[0]?.visit).toMatchObject({ principal: { subject: 'someone' }, address: '127.0.0.1' })
  })

  it('keeps a fault within the gateway to itself', async () => {
    const { status, body } = await send('GET', '/ai/api/v1/things/broken')
    expect({ status, body }).toEqual({
      status: 500,
      body: { error: { message: 'The gateway failed to handle this request.', code: 'internal_error' } },
    })
    expect(faults).toHaveLength(1)
  })

  it('tells an unknown path from a method that a path does not take', async () => {
    expect(await send('GET', '/ai/api/v1/nothing')).toMatchObject({ status: 404 })
    expect(await send('GET', '/ai/nothing')).toMatchObject({ status: 404 })
    const { status, response } = await send('PATCH', '/ai/api/v1/things/a', '{}')
    expect({ status, allow: response.headers.get('allow') }).toEqual({ status: 405, allow: 'GET, DELETE' })
  })

  it('serves its document and the page that shows it, from here alone', async () => {
    const document = (await (await fetch(`${origin}/ai/openapi.json`)).json()) as {
      openapi: string
      paths: Record<string, Record<string, { responses: object }>>
    }
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths)).toEqual(['/ai/api/v1/things', '/ai/api/v1/things/{id}'])
    const page = await (await fetch(`${origin}/ai/docs`)).text()
    const named = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '')
    expect(named.length).toBeGreaterThan(3)
    for (const path of named) {
      const asset = await fetch(new URL(path, origin))
      expect({ path, status: asset.status }).toEqual({ path, status: 200 })
      expect((await asset.arrayBuffer()).byteLength).toBeGreaterThan(100)
    }
    expect(page).not.toMatch(/https?:/)
  })
})
