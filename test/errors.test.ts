import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chatModel, createScene, embeddingModel, type Scene, userMessage } from './support/scene.ts'
import { chatAnswer, event, failure, sendJson, startSse } from './support/upstream.ts'
import { until } from './support/wait.ts'

let scene: Scene
const upstream = () => scene.upstreams['main'] as NonNullable<Scene['upstreams'][string]>

beforeAll(async () => {
  scene = await createScene({
    config: (urls) => ({
      limits: { max_body_bytes: 3_000_000 },
      upstream: {
        connect_timeout_ms: 500,
        first_event_timeout_ms: 400,
        idle_timeout_ms: 300,
        total_timeout_ms: 3000,
      },
      cooldown: { failures: 1000, min_requests: 100_000 },
      models: [
        chatModel('gpt', urls),
        chatModel('theirs', urls, { team_access: ['support'] }),
        chatModel('nobody', urls, { team_access: [] }),
        embeddingModel('embed', urls),
        ...['1b671a64-40d5-491e-99b0-da01ff1f3341', 'plain-words-key'].map((key) =>
          echoing(key, urls['main']),
        ),
        chatModel('off', urls, { connections: [connection('main', urls['main'], { enabled: false })] }),
        chatModel('refused', { main: 'http://127.0.0.1:1/v1' }),
      ],
    }),
  })
})
afterAll(() => scene.stop())
beforeEach(() => {
  upstream().script = chatAnswer('fine')
})

/** A model whose key looks like no key that is known. */
function echoing(key: string, base_url: string | undefined) {
  const credentials = { creds_type: 'API_KEY', provider: 'openai', api_key: key, base_url }
  return { name: `echoes-${key}`, connections: [{ name: 'only', model_name: 'm', credentials }] }
}

function connection(name: string, base_url: string | undefined, extra: object) {
  const credentials = { creds_type: 'API_KEY', provider: 'openai', api_key: `sk-off-${name}`, base_url }
  return { name, model_name: 'upstream-model', credentials, ...extra }
}

interface Shown {
  status: number
  headers: Headers
  error: { message: string; type: string; param: string | null; code: string | null }
}

async function shown(pending: Promise<Response>): Promise<Shown> {
  const response = await pending
  const text = await response.text()
  expect(response.headers.get('content-type')).toContain('application/json')
  expect(text).not.toMatch(/node_modules|\.ts:\d|at async/)
  const { error } = JSON.parse(text) as Shown
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type'])
  expect(response.headers.get('x-request-id')).toBeTruthy()
  return { status: response.status, headers: response.headers, error }
}

const post = (body: string, headers: Record<string, string> = {}) =>
  shown(scene.request('/v1/chat/completions', { method: 'POST', body, headers }))
const chat = (body: object = {}, headers: Record<string, string> = {}) =>
  shown(scene.chat(body as Record<string, unknown>, headers))

describe('the body', () => {
  it.each([
    ['', 'invalid_json'],
    ['{"model":"gpt",', 'invalid_json'],
    ['{"model":"gpt","messages":[}', 'invalid_json'],
    ['not json', 'invalid_json'],
    ['[1]', 'invalid_request'],
    ['{"messages":[{"role":"user","content":"x"}]}', 'invalid_request'],
    ['{"model":7,"messages":[{"role":"user","content":"x"}]}', 'invalid_request'],
    ['{"model":"gpt"}', 'invalid_request'],
    ['{"model":"gpt","messages":[]}', 'invalid_request'],
    ['{"model":"gpt","messages":[{"role":"king","content":"x"}]}', 'invalid_request'],
    ['{"model":"gpt","messages":[{"role":"user","content":7}]}', 'invalid_request'],
    [
      '{"model":"gpt","messages":[{"role":"assistant","content":"x","thinking_blocks":[null]}]}',
      'invalid_request',
    ],
    ['{"model":"gpt","stream":"yes","messages":[{"role":"user","content":"x"}]}', 'invalid_request'],
    [`{"model":"gpt","messages":${'['.repeat(5000)}${']'.repeat(5000)}}`, 'invalid_request'],
    ['{"model":"gpt","model":"theirs","messages":[{"role":"user","content":"x"}]}', 'invalid_request'],
    ['{"model":"gpt","mod\\u0065l":"theirs","messages":[{"role":"user","content":"x"}]}', 'invalid_request'],
    ['{"model":"gpt","MODEL":"theirs","messages":[{"role":"user","content":"x"}]}', 'invalid_request'],
    [
      '{"stream":false,"model":"gpt","str\\u0065am":true,"messages":[{"role":"user","content":"x"}]}',
      'invalid_request',
    ],
  ])('%# is refused: %s', async (body, code) => {
    const before = upstream().requests.length
    const { status, error } = await post(body)
    expect([status, error.code, error.type]).toEqual([400, code, 'invalid_request_error'])
    expect(upstream().requests.length).toBe(before)
  })

  it('may be said to be as it is, and nothing else', async () => {
    for (const coding of ['identity', 'Identity', '']) {
      expect((await scene.chat({}, { 'content-encoding': coding })).status).toBe(200)
    }
    expect((await chat({}, { 'content-encoding': 'gzip' })).status).toBe(415)
  })

  it('is bounded in what a parser would make of it', async () => {
    for (const [item, count] of [
      ['{}', 100_000],
      ['{"a":1}', 50_000],
      ['1', 1_000_002],
    ] as const) {
      const list = `[${`${item},`.repeat(count - 1)}${item}]`
      const { status, error } = await post(
        `{"model":"gpt","messages":[{"role":"user","content":"x"}],"k":${list}}`,
      )
      expect([item, status, error.code]).toEqual([item, 400, 'invalid_request'])
      expect(error.message).toContain('more than')
    }
  })

  it('is bounded, whether its length is announced or not', async () => {
    const large = JSON.stringify({
      model: 'gpt',
      messages: [{ role: 'user', content: 'x'.repeat(4_000_000) }],
    })
    const announced = await post(large)
    expect([announced.status, announced.error.code]).toEqual([413, 'request_too_large'])
    const stream = new Blob([large]).stream()
    const chunked = scene.request('/v1/chat/completions', {
      method: 'POST',
      body: stream,
      duplex: 'half',
    } as RequestInit)
    expect((await shown(chunked)).status).toBe(413)
  })

  it('is refused where its operation is not the model’s', async () => {
    const { status, error } = await chat({ model: 'embed' })
    expect([status, error.code]).toEqual([400, 'unsupported_operation'])
  })
})

describe('who and what', () => {
  it('wants a key', async () => {
    const response = shown(fetch(`${scene.gateway.url}/v1/models`))
    const { status, error, headers } = await response
    expect([status, error.code]).toEqual([401, 'missing_api_key'])
    expect(headers.get('www-authenticate')).toMatch(/^Bearer /)
  })

  it('answers alike for an unknown model and one that is not open to the team', async () => {
    const answers = await Promise.all(['unknown', 'theirs', 'nobody'].map((model) => chat({ model })))
    const words = answers.map(({ status, error }) => [
      status,
      error.code,
      error.message.replace(/`.*?`/, '`…`'),
    ])
    expect(new Set(words.map((word) => JSON.stringify(word))).size).toBe(1)
    expect(words[0]?.slice(0, 2)).toEqual([404, 'model_not_found'])
  })

  it('refuses a team that is not the caller’s, and ignores a hint that is none', async () => {
    const { status, error } = await chat({}, { 'x-modelgate-team': 'support' })
    expect([status, error.code]).toEqual([403, 'team_not_allowed'])
    expect((await scene.chat({}, { 'openai-project': 'proj_123' })).status).toBe(200)
  })

  it('knows the connections of a model', async () => {
    const header = await chat({}, { 'x-modelgate-connection': 'other' })
    const hash = await chat({ model: 'gpt#other' })
    for (const { status, error } of [header, hash])
      expect([status, error.code]).toEqual([404, 'connection_not_found'])
    const named = await scene.chat({ model: 'gpt#main' })
    expect([named.status, named.headers.get('x-modelgate-connection')]).toEqual([200, 'main'])
  })

  it('says when a connection, or all, are switched off', async () => {
    expect((await chat({ model: 'off' })).error.code).toBe('no_enabled_connection')
    const named = await chat({ model: 'off#main' })
    expect([named.status, named.error.code]).toEqual([503, 'connection_disabled'])
  })

  it('serves text generation and embeddings only', async () => {
    for (const path of ['/v1/responses', '/v1/images/generations', '/v1/nothing']) {
      const { status, error } = await shown(scene.request(path, { method: 'POST', body: '{}' }))
      expect([status, error.code]).toEqual([404, 'unsupported_endpoint'])
    }
    expect((await shown(scene.request('/v1/chat/completions'))).status).toBe(404)
  })
})

describe('the upstream', () => {
  it.each([400, 413, 415, 422])(
    'keeps its message where it refuses the request itself: %s',
    async (status) => {
      upstream().script = failure(status, 'no good: sk-planted-gpt-main is not to be shown', {}, 'their_code')
      const answer = await chat()
      expect([answer.status, answer.error.code]).toEqual([status, 'their_code'])
      expect(answer.error.message).toContain('no good')
      expect(answer.error.message).not.toContain('sk-planted')
      expect(answer.headers.get('x-should-retry')).toBeNull()
    },
  )

  it.each(['1b671a64-40d5-491e-99b0-da01ff1f3341', 'plain-words-key'])(
    'never shows the very key that it was sent, whatever it looks like: %s',
    async (key) => {
      const model = `echoes-${key}`
      const spellings = [key, encodeURIComponent(key), Buffer.from(key).toString('base64')]
      for (const status of [400, 500]) {
        upstream().script = failure(status, `unexpected ${spellings.join(' and ')} in header`)
        const { error } = await chat({ model })
        for (const spelling of spellings) expect(error.message).not.toContain(spelling)
      }
    },
  )

  it('has its first-event deadline also after a role', async () => {
    upstream().script = (response) => {
      startSse(response)
      response.write(
        event({ id: 'x', choices: [{ index: 0, delta: { role: 'assistant' }, finish_reason: null }] }),
      )
    }
    const { status, error } = await chat({ stream: true })
    expect(status).toBe(504)
    expect(error.message).toContain('first event')
  })

  it('recognises a context overflow', async () => {
    upstream().script = failure(
      400,
      "This model's maximum context length is 8192 tokens.",
      {},
      'context_length_exceeded',
    )
    expect((await chat()).error.code).toBe('context_length_exceeded')
  })

  it.each([
    [500, 502, 'upstream_error'],
    [503, 502, 'upstream_error'],
    [529, 502, 'upstream_error'],
    [302, 502, 'upstream_error'],
  ])('fails with %s: %s %s', async (theirs, status, code) => {
    upstream().script = failure(theirs, 'broken')
    const answer = await chat()
    expect([answer.status, answer.error.code, answer.error.type]).toEqual([status, code, 'upstream_error'])
    expect(answer.headers.get('x-should-retry')).toBe('false')
    expect(answer.headers.get('x-modelgate-connection')).toBe('main')
  })

  it('is a failure where it cannot be reached', async () => {
    const answer = await chat({ model: 'refused' })
    expect([answer.status, answer.error.code]).toEqual([502, 'upstream_error'])
  })

  it.each([
    ['a page', '<html>hello</html>', 'text/html'],
    ['half a document', '{"id":"x","choi', 'application/json'],
    ['no completion', '[]', 'application/json'],
  ])('is a failure where a 200 holds %s', async (_, body, type) => {
    upstream().script = (response) => {
      response.writeHead(200, { 'content-type': type })
      response.end(body)
    }
    const answer = await chat()
    expect([answer.status, answer.error.code]).toEqual([502, 'upstream_error'])
  })

  it('is a failure where a 200 holds an error', async () => {
    upstream().script = (response) =>
      sendJson(response, { error: { message: 'overloaded', type: 'server_error' } })
    expect((await chat()).status).toBe(502)
  })

  it('names the deadline that it missed', async () => {
    upstream().script = () => {}
    const first = await chat()
    expect([first.status, first.error.code]).toEqual([504, 'upstream_timeout'])
    expect(first.error.message).toMatch(/first event/)
    upstream().script = (response) => {
      startSse(response)
      response.write(
        event({ id: 'x', choices: [{ index: 0, delta: { content: 'one' }, finish_reason: null }] }),
      )
    }
    const text = await (await scene.chat({ stream: true })).text()
    expect(text).toContain('"content":"one"')
    expect(text).toMatch(/"code":"upstream_timeout"/)
    expect(text).toMatch(/idle/)
    expect(text).not.toContain('[DONE]')
  })
})

describe('what Node refuses', () => {
  const raw = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(scene.gateway.url).port), '127.0.0.1', () => socket.write(text))
      let answer = ''
      socket.on('data', (chunk) => (answer += chunk.toString()))
      socket.on('close', () => resolve(answer))
      socket.on('error', reject)
    })

  it('answers HTTP/1.0 without a host, as simple health checks ask', async () => {
    expect(await raw('GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /)
  })

  it('never writes into an answer that is under way', async () => {
    upstream().script = (response) => {
      startSse(response)
      response.write(
        event({ id: 'x', choices: [{ index: 0, delta: { content: 'one' }, finish_reason: null }] }),
      )
    }
    const { port } = new URL(scene.gateway.url)
    const body = JSON.stringify({ model: 'gpt', stream: true, messages: [userMessage] })
    const head = [
      'POST /v1/chat/completions HTTP/1.1',
      'host: x',
      `authorization: Bearer ${scene.token}`,
      `content-length: ${Buffer.byteLength(body)}`,
    ]
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`),
    )
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString()
      if (answer.includes('one')) socket.write('XXX garbage\r\n\r\n')
    })
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('close', resolve))
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(answer).not.toContain('[DONE]')
  })

  it('gets the error object too', async () => {
    for (const [text, status] of [
      ['GET /v1/models HTTP/1.1\r\n\r\n', 400],
      ['POST /v1/models HTTP/1.1\r\nhost: x\r\nexpect: a-miracle\r\ncontent-length: 0\r\n\r\n', 417],
      ['CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n', 400],
      ['nonsense\r\n\r\n', 400],
      ['GET /v1/models HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n', 400],
      [`GET /v1/models HTTP/1.1\r\nhost: x\r\ncookie: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
    ] as const) {
      const answer = await raw(text)
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
      expect(JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1))).toMatchObject({
        error: { code: 'invalid_request', type: 'invalid_request_error', param: null },
      })
    }
  })
})

it('logs one line for each request and never a secret', async () => {
  upstream().script = failure(401, 'Incorrect API key provided: sk-planted-gpt-main.')
  const id = 'my-request-77'
  await chat({ messages: [{ ...userMessage, content: 'a very private matter' }] }, { 'x-request-id': id })
  const lines = await until('the log line', () => {
    const found = scene.gateway.log().filter((line) => JSON.stringify(line).includes(id))
    return found.length > 0 && found
  })
  expect(lines).toHaveLength(1)
  const output = scene.gateway.output()
  for (const secret of ['sk-planted', 'private matter', scene.token.slice(-40)])
    expect(output).not.toContain(secret)
})
