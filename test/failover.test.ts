import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chatModel, createScene, dataOf, type Scene } from './support/scene.ts'
import {
  chatAnswer,
  chunkBody,
  event,
  failure,
  type Script,
  startSse,
  type Upstream,
} from './support/upstream.ts'
import { until } from './support/wait.ts'

let scene: Scene
beforeEach(async () => {
  scene = await createScene({
    upstreams: { first: undefined, second: chatAnswer('second answers') },
    config: (urls) => ({
      upstream: { first_event_timeout_ms: 400 },
      models: [chatModel('gpt', urls)],
      cooldown: { rate_limit_seconds: 1, base_seconds: 1 },
    }),
  })
})
afterEach(() => scene.stop())
const upstream = (name: 'first' | 'second') => scene.upstreams[name] as Upstream

const attempts = (response: Response) => Number(response.headers.get('x-modelgate-attempts'))

describe('before the first event another connection answers', () => {
  it.each<[string, Script]>([
    ['429', failure(429, 'slow down', { 'retry-after': '30' })],
    ['500', failure(500, 'broken')],
    ['529', failure(529, 'overloaded')],
    ['401', failure(401, 'bad key')],
    ['403', failure(403, 'no right')],
    ['404 of the model', failure(404, 'no such model', {}, 'model_not_found')],
    ['402', failure(402, 'no money')],
    ['a reset before the headers', (response) => void response.socket?.resetAndDestroy()],
    [
      'an error as the first frame of a 200',
      (response) => {
        startSse(response)
        response.end(event({ error: { message: 'overloaded', type: 'server_error' } }))
      },
    ],
    [
      'a role, then a reset',
      (response) => {
        startSse(response)
        response.write(event(chunkBody({ role: 'assistant', content: '' })), () =>
          response.socket?.resetAndDestroy(),
        )
      },
    ],
  ])('%s', async (_, script) => {
    upstream('first').script = script
    const response = await scene.chat({ stream: true })
    expect(response.status).toBe(200)
    expect(dataOf(await response.text()).join('')).toContain('second')
    expect([response.headers.get('x-modelgate-connection'), attempts(response)]).toEqual(['second', 2])
    expect(upstream('second').requests[0]?.headers.authorization).toBe('Bearer sk-planted-gpt-second')
  })
})

it('leaves a connection alone that asked for it, and comes back when its time is over', async () => {
  upstream('first').script = failure(429, 'slow down', { 'retry-after': '1' })
  expect(attempts(await scene.chat())).toBe(2)
  upstream('first').script = chatAnswer('first answers')
  const next = await scene.chat()
  expect([next.headers.get('x-modelgate-connection'), attempts(next)]).toEqual(['second', 1])
  await until(
    'the first is back',
    async () => (await scene.chat()).headers.get('x-modelgate-connection') === 'first',
  )
})

it('answers 429 with the soonest return once every candidate refused', async () => {
  upstream('first').script = failure(429, 'slow down', { 'retry-after': '40' })
  upstream('second').script = failure(429, 'slow down', { 'retry-after': '9' })
  for (const stream of [true, false]) {
    const response = await scene.chat({ stream })
    expect(response.status).toBe(429)
    const seconds = Number(response.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(6)
    expect(seconds).toBeLessThanOrEqual(9)
    expect(Number(response.headers.get('retry-after-ms'))).toBeLessThanOrEqual(9000)
    expect(await response.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } })
  }
  expect(upstream('first').requests.length).toBe(1)
})

it('says 503 with a true retry-after while all are out', async () => {
  for (const name of ['first', 'second'] as const) upstream(name).script = failure(403, 'no right')
  expect((await scene.chat()).status).toBe(502)
  const response = await scene.chat()
  expect(response.status).toBe(503)
  expect(await response.json()).toMatchObject({ error: { code: 'no_healthy_connection' } })
  const waitMs = Number(response.headers.get('retry-after-ms'))
  expect(waitMs).toBeGreaterThan(0)
  expect(waitMs).toBeLessThanOrEqual(1100)
})

it('does not hide what the caller can mend: its own 4xx is final', async () => {
  upstream('first').script = failure(400, 'your fault', {}, 'invalid_value')
  const response = await scene.chat()
  expect(response.status).toBe(400)
  expect(upstream('second').requests.length).toBe(0)
})

it('does not multiply a timeout: the provider may still be generating', async () => {
  upstream('first').script = () => {}
  expect((await scene.chat()).status).toBe(504)
  expect(upstream('second').requests.length).toBe(0)
})

it('takes the only connection once more after a passing failure', async () => {
  const alone = await createScene({ config: (urls) => ({ models: [chatModel('gpt', urls)] }) })
  try {
    const only = alone.upstreams['main'] as Upstream
    only.script = (response, request, socket) => {
      const script = only.requests.length === 1 ? failure(500, 'a hiccup') : chatAnswer('well again')
      return script(response, request, socket)
    }
    const response = await alone.chat()
    expect([response.status, attempts(response)]).toEqual([200, 2])
  } finally {
    await alone.stop()
  }
})

it('weighs connections of one tier', async () => {
  const weighed = await createScene({
    upstreams: { heavy: undefined, light: undefined },
    config: (urls) => {
      const model = chatModel('gpt', urls) as { connections: Record<string, unknown>[] }
      for (const connection of model.connections) {
        Object.assign(connection, { priority: 0, weight: connection['name'] === 'heavy' ? 3 : 1 })
      }
      return { models: [model] }
    },
  })
  try {
    await Promise.all(Array.from({ length: 200 }, async () => (await weighed.chat()).text()))
    const heavy = weighed.upstreams['heavy']?.requests.length ?? 0
    expect(heavy + (weighed.upstreams['light']?.requests.length ?? 0)).toBe(200)
    // 150 expected; eight standard deviations either way
    expect(heavy).toBeGreaterThan(100)
    expect(heavy).toBeLessThan(199)
  } finally {
    await weighed.stop()
  }
})
