import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { metric } from '../support/metrics.ts'
import { chatModel, createScene, type Scene } from '../support/scene.ts'
import { chatAnswer, failure, type Script } from '../support/upstream.ts'

let scene: Scene
afterEach(() => scene.stop())
const limit = { timeout: 120_000 }

async function start(first: Script, second: Script): Promise<void> {
  scene = await createScene({
    upstreams: { first, second },
    config: (urls) => {
      const model = chatModel('gpt', urls) as { connections: Record<string, unknown>[] }
      for (const connection of model.connections) connection['priority'] = 0
      return { models: [model] }
    },
  })
}

interface Seen {
  readonly status: number
  readonly code: string | undefined
  readonly retryAfter: number
  readonly retryAfterMs: number
  readonly attempts: number
}

/** One request to its end, or a failure of the test: an answer that does not come in 60 s counts as none. */
async function ask(stream: boolean): Promise<Seen> {
  const response = await scene.request('/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ model: 'gpt', stream, messages: [{ role: 'user', content: 'hello' }] }),
    signal: AbortSignal.timeout(60_000),
  })
  const text = await response.text()
  const number = (name: string) => Number(response.headers.get(name) ?? Number.NaN)
  return {
    status: response.status,
    code: response.ok ? undefined : (JSON.parse(text) as { error: { code: string } }).error.code,
    retryAfter: number('retry-after'),
    retryAfterMs: number('retry-after-ms'),
    attempts: number('x-modelgate-attempts'),
  }
}

/** `count` requests, `width` at a time, every other one streamed. */
async function storm(count: number, width: number): Promise<Seen[]> {
  const seen: Seen[] = []
  let next = 0
  const worker = async () => {
    while (next < count) seen.push(await ask(next++ % 2 === 0))
  }
  await Promise.all(Array.from({ length: width }, worker))
  return seen
}

const sent = () => Object.values(scene.upstreams).reduce((sum, { requests }) => sum + requests.length, 0)

it('hides an upstream that fails 30 % of requests behind a good one, at little cost', limit, async () => {
  let count = 0
  const flaky: Script = (...answer) => {
    const script = [0, 3, 6].includes(count++ % 10) ? failure(500, 'a bad moment') : chatAnswer('well')
    return script(...answer)
  }
  await start(flaky, chatAnswer('always well'))
  // Three at a time: that many retries the budget grants in any case, so that every failure is hidden.
  const seen = await storm(500, 3)
  const failed = seen.filter(({ status }) => status !== 200)
  expect(seen).toHaveLength(500)
  expect(failed.length).toBeLessThan(5)
  expect(sent() / 500).toBeLessThan(1.2)
  expect(await metric(scene.gateway, 'modelgate_upstream_attempts_total')).toBe(sent())
  // Under a third of failures, never three in a row: no reason to take it out.
  expect(scene.upstreams['first']?.requests.length).toBeGreaterThan(150)
  expect(await metric(scene.gateway, 'modelgate_cooldowns_total')).toBe(0)
})

it('asks an upstream that answers 429 no more', limit, async () => {
  const limited = failure(429, 'slow down', { 'retry-after': '120' })
  await start(limited, limited)
  expect(await ask(false)).toMatchObject({ status: 429, code: 'rate_limit_exceeded', attempts: 2 })
  const seen = await storm(200, 20)
  for (const { status, code, retryAfter, retryAfterMs } of seen) {
    expect([status, code]).toEqual([429, 'rate_limit_exceeded'])
    expect(retryAfterMs).toBeGreaterThan(0)
    expect(retryAfterMs).toBeLessThanOrEqual(60_000)
    expect(retryAfter).toBe(Math.ceil(retryAfterMs / 1000))
  }
  expect(sent()).toBe(2)
})

it(
  'tries no connection twice for one request, though all requests come before the first 429',
  limit,
  async () => {
    const limited = failure(429, 'slow down', { 'retry-after': '120' })
    await start(limited, limited)
    const seen = await storm(200, 200)
    expect(seen.filter(({ status }) => status !== 429)).toEqual([])
    const first = sent()
    expect(first).toBeLessThanOrEqual(400)
    await storm(50, 10)
    expect(sent()).toBe(first)
  },
)

it('tells with a 429 the time that is true', limit, async () => {
  const limited = failure(429, 'slow down', { 'retry-after': '3' })
  await start(limited, limited)
  const { status, retryAfterMs } = await ask(false)
  expect(status).toBe(429)
  expect(retryAfterMs).toBeGreaterThan(0)
  expect(retryAfterMs).toBeLessThanOrEqual(3_000)
  for (const upstream of Object.values(scene.upstreams)) upstream.script = chatAnswer('well again')
  await sleep(retryAfterMs)
  expect((await ask(false)).status).toBe(200)
})

it('answers everybody while every upstream resets', limit, async () => {
  const reset: Script = (_, __, socket) => void socket.resetAndDestroy()
  await start(reset, reset)
  const seen = await storm(200, 50)
  expect(seen).toHaveLength(200)
  const isKnown = ({ status, code, retryAfterMs }: Seen) =>
    status === 502
      ? code === 'upstream_error'
      : status === 503 && code === 'no_healthy_connection' && retryAfterMs > 0
  expect(seen.filter((answer) => !isKnown(answer))).toEqual([])
  expect(seen.some(({ status }) => status === 502)).toBe(true)
  expect(sent()).toBeLessThanOrEqual(240)
  expect(await metric(scene.gateway, 'modelgate_inflight_requests')).toBe(0)
})
