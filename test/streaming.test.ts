import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chatModel, createScene, dataOf, type Scene, userMessage } from './support/scene.ts'
import { chatEvents, chunkBody, event, type SeenRequest, startSse, usageBody } from './support/upstream.ts'
import { until } from './support/wait.ts'

let scene: Scene
const upstream = () => scene.upstreams['main'] as NonNullable<Scene['upstreams'][string]>

beforeAll(async () => {
  scene = await createScene({
    config: (urls) => ({
      cooldown: { failures: 100_000, min_requests: 100_000 },
      models: [chatModel('gpt', urls)],
    }),
  })
})
afterAll(() => scene.stop())
beforeEach(() => {
  upstream().requests.length = 0
})

const stream = async (body: object = {}) => scene.chat({ stream: true, ...body })
const raw = (text: string | Buffer) => (response: ServerResponse) => {
  startSse(response)
  response.end(text)
}

describe('bytes', () => {
  const whole = Buffer.from(chatEvents('héllo ', '🌍 "quoted" ', 'data: x\\n').join(''))
  const expected = dataOf(chatEvents('héllo ', '🌍 "quoted" ', 'data: x\\n').join('')).filter(
    (data) => data !== JSON.stringify(usageBody),
  )

  it('come out the same wherever they were split', async () => {
    const cuts = Array.from({ length: whole.length - 1 }, (_, index) => index + 1)
    upstream().script = (response, request) => {
      startSse(response)
      response.socket?.setNoDelay(true)
      const cut = Number(request.json()['cut'])
      response.write(whole.subarray(0, cut))
      setImmediate(() => response.end(whole.subarray(cut)))
    }
    for (let from = 0; from < cuts.length; from += 16) {
      const batch = cuts.slice(from, from + 16)
      const texts = await Promise.all(batch.map(async (cut) => (await stream({ cut })).text()))
      for (const text of texts) expect(dataOf(text)).toEqual(expected)
    }
  })

  it('come out the same byte by byte, with CRLF and comments between', async () => {
    const dressed = Buffer.from(
      `: hi\r\n\r\n${whole.toString().replaceAll('\n\n', '\r\n\r\n: ping\r\n\r\n')}`,
    )
    upstream().script = async (response) => {
      startSse(response)
      response.socket?.setNoDelay(true)
      for (const byte of dressed) {
        response.write(Buffer.from([byte]))
        await new Promise((resolve) => setImmediate(resolve))
      }
      response.end()
    }
    expect(dataOf(await (await stream()).text())).toEqual(expected)
  })
})

describe('usage', () => {
  it('reaches those who asked, once, last', async () => {
    upstream().script = raw(chatEvents('a').join(''))
    const plain = dataOf(await (await stream()).text())
    expect(plain.join('')).not.toContain('prompt_tokens')
    const asked = dataOf(await (await stream({ stream_options: { include_usage: true } })).text())
    expect(asked.at(-1)).toBe('[DONE]')
    expect(JSON.parse(asked.at(-2) ?? '')).toMatchObject({ choices: [], usage: { total_tokens: 10 } })
  })

  it('is given its own chunk where the upstream put it beside the finish', async () => {
    const usage = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 }
    const finish = { ...chunkBody({}, 'stop'), usage }
    upstream().script = raw([event(chunkBody({ content: 'a' })), event(finish), event('[DONE]')].join(''))
    const asked = dataOf(await (await stream({ stream_options: { include_usage: true } })).text())
    expect(JSON.parse(asked.at(-2) ?? '')).toMatchObject({ choices: [], usage })
    expect(dataOf(await (await stream()).text()).join('')).not.toContain('prompt_tokens')
  })

  it('is counted either way', async () => {
    const count = async () => {
      const text = await (await fetch(`${scene.gateway.url}/metrics`)).text()
      const line = text
        .split('\n')
        .find((row) => row.startsWith('modelgate_tokens_total') && row.includes('type="output"'))
      return Number(line?.split(' ').at(-1) ?? 0)
    }
    upstream().script = raw(chatEvents('a').join(''))
    const before = await count()
    await (await stream()).text()
    const after = await until('it is counted', async () => {
      const now = await count()
      return now > before ? now : null
    })
    expect(after - before).toBe(3)
  })
})

describe('failures', () => {
  const shown = (data: string[]) =>
    (JSON.parse(data.at(-1) ?? '') as { error?: { code: string } }).error?.code

  it.each<[string, (response: ServerResponse) => void]>([
    ['an end without a finish', (response) => void response.end()],
    ['[DONE] without a finish', (response) => void response.end(event('[DONE]'))],
    ['a reset', (response) => void response.socket?.resetAndDestroy()],
    ['half an event and an end', (response) => void response.end('data: {"id":"x","choi')],
    [
      'an error event',
      (response) => void response.end(event({ error: { message: 'broken', type: 'server_error' } })),
    ],
    ['an event that is not JSON before any finish', (response) => void response.end('data: {{{"error"\n\n')],
  ])('after content become one error event, without [DONE]: %s', async (_, fail) => {
    upstream().script = (response) => {
      startSse(response)
      response.write(event(chunkBody({ content: 'partial' })), () => setImmediate(() => fail(response)))
    }
    const response = await stream()
    expect(response.status).toBe(200)
    const data = dataOf(await response.text())
    expect(data.join('')).toContain('partial')
    expect(shown(data)).toBe('upstream_error')
    expect(data).not.toContain('[DONE]')
  })

  it.each<[string, string, number]>([
    [
      'an error as the first frame',
      event({ error: { message: 'rate limited', code: 'rate_limit_exceeded' } }),
      429,
    ],
    ['a role and no more', event(chunkBody({ role: 'assistant', content: '' })), 502],
    [
      'an invalid request told in a 200',
      event({ error: { message: 'bad', type: 'invalid_request_error', code: 400 } }),
      400,
    ],
  ])('before content get their status: %s', async (_, text, status) => {
    const another = await createScene()
    try {
      const target = another.upstreams['main']
      if (target) target.script = raw(text)
      const response = await another.chat({ stream: true })
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toContain('application/json')
      await response.text()
    } finally {
      await another.stop()
    }
  })
})

describe('backpressure', () => {
  it('holds the upstream while the client does not read', async () => {
    const word = 'x'.repeat(16_384)
    let written = 0
    const limit = 200 * 1024 * 1024
    upstream().script = (response) => {
      startSse(response)
      const more = () => {
        while (written < limit) {
          const text = event(chunkBody({ content: word }))
          written += text.length
          if (!response.write(text)) return void response.once('drain', more)
        }
      }
      more()
    }
    const { hostname, port } = new URL(scene.gateway.url)
    const body = JSON.stringify({ model: 'gpt', stream: true, messages: [userMessage] })
    const socket = connect(Number(port), hostname)
    socket.pause()
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${scene.token}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    const stalled = await until('the upstream stalls', async () => {
      const before = written
      await new Promise((resolve) => setTimeout(resolve, 300))
      return before > 0 && before === written && written
    })
    expect(stalled).toBeLessThan(limit / 4)
    socket.destroy()
    await until('the upstream is left', () => upstream().requests.at(-1)?.abortedAt)
  })

  it('carries a 32 MiB answer whole', async () => {
    const text = 'y'.repeat(32 * 1024 * 1024)
    upstream().script = raw(
      [event(chunkBody({ content: text.slice(0, 4 * 1024 * 1024) })), event(chunkBody({}, 'stop'))].join(''),
    )
    expect((await (await stream()).text()).length).toBeGreaterThan(4 * 1024 * 1024)
    upstream().script = (response) => {
      const choice = {
        index: 0,
        message: { role: 'assistant', content: text },
        finish_reason: 'stop',
        logprobs: null,
      }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices: [choice] }),
      )
    }
    const answer = (await (await scene.chat()).json()) as { choices: { message: { content: string } }[] }
    expect(answer.choices[0]?.message.content.length).toBe(text.length)
  })
})

describe('headers', () => {
  it('pass by a list, both ways', async () => {
    upstream().script = (response) => {
      startSse(response, {
        'set-cookie': 'a=b',
        'x-ratelimit-remaining-requests': '9',
        'x-request-id': 'theirs-1',
        server: 'secret-server',
      })
      response.end(chatEvents('a').join(''))
    }
    const response = await scene.chat(
      { stream: true },
      {
        cookie: 'session=planted',
        'x-forwarded-for': '10.0.0.1',
        'x-modelgate-team': 'research',
        'x-stainless-lang': 'js',
        'openai-beta': 'assistants=v2',
        'x-request-id': 'mine-1',
      },
    )
    await response.text()
    const seen = upstream().requests.at(-1) as SeenRequest
    const names = Object.keys(seen.headers)
    for (const name of [
      'cookie',
      'x-forwarded-for',
      'x-modelgate-team',
      'x-stainless-lang',
      'x-request-id',
    ]) {
      expect(names).not.toContain(name)
    }
    expect(seen.headers['openai-beta']).toBe('assistants=v2')
    expect(JSON.stringify(seen.headers)).not.toContain(scene.token)
    const get = (name: string) => response.headers.get(name)
    expect(get('set-cookie')).toBeNull()
    expect(get('server')).toBeNull()
    expect(get('x-ratelimit-remaining-requests')).toBe('9')
    expect(get('x-upstream-request-id')).toBe('theirs-1')
    expect(get('x-request-id')).toBe('mine-1')
    expect(get('x-modelgate-provider')).toBe('openai')
    expect(get('x-modelgate-connection')).toBe('main')
    expect(get('x-modelgate-attempts')).toBe('1')
    expect(get('server-timing')).toMatch(/^auth;dur=[\d.]+, upstream;dur=[\d.]+$/)
  })

  it('replace a request id that is not sane', async () => {
    upstream().script = raw(chatEvents('a').join(''))
    const response = await scene.chat({ stream: true }, { 'x-request-id': 'a b <script>' })
    await response.text()
    expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
  })
})

it('does not let the client name another place to go', async () => {
  upstream().script = raw(chatEvents('a').join(''))
  await (
    await stream({
      api_base: 'http://evil.test',
      base_url: 'http://evil.test',
      API_KEY: 'x',
      fallbacks: ['y'],
    })
  ).text()
  const body = upstream().requests.at(-1)?.body ?? ''
  for (const word of ['evil', 'api_base', 'API_KEY', 'fallbacks']) expect(body).not.toContain(word)
})
