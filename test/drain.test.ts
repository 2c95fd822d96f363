import { afterEach, beforeEach, expect, it } from 'vitest'
import { chatModel, createScene, dataOf, type Scene } from './support/scene.ts'
import { chatAnswer, chatEvents, startSse, type Upstream } from './support/upstream.ts'
import { until } from './support/wait.ts'

let scene: Scene
beforeEach(async () => {
  scene = await createScene({
    config: (urls) => ({ drain: { grace_seconds: 1, timeout_seconds: 3 }, models: [chatModel('gpt', urls)] }),
  })
})
afterEach(() => scene.stop())

it('lets streams run to their end, refuses new requests, and ends with 0', async () => {
  const upstream = scene.upstreams['main'] as Upstream
  const events = chatEvents('before ', 'after')
  let finish = () => {}
  upstream.script = (response) => {
    startSse(response)
    response.write(events.slice(0, 2).join(''))
    finish = () => void response.end(events.slice(2).join(''))
  }
  const running = await scene.chat({ stream: true })
  upstream.script = chatAnswer('in the grace')
  scene.gateway.signal('SIGTERM')
  const notReady = await until('readiness is off', async () => {
    const response = await fetch(`${scene.gateway.url}/readyz`)
    return response.status === 503 && response
  })
  expect(await notReady.text()).toContain('drain')
  expect((await scene.chat()).status).toBe(200)
  const refused = await until('new requests are refused', async () => {
    const response = await scene.chat()
    await (response.status === 503 ? Promise.resolve() : response.text())
    return response.status === 503 && response
  })
  expect(refused.headers.get('connection')).toBe('close')
  expect(refused.headers.get('retry-after')).toBeTruthy()
  expect(await refused.json()).toMatchObject({ error: { code: 'shutting_down' } })
  finish()
  const data = dataOf(await running.text())
  expect(data.join('')).toContain('after')
  expect(data.at(-1)).toBe('[DONE]')
  expect(await scene.gateway.exited).toBe(0)
})

it('breaks off what has not ended in time, so that it cannot pass for whole', async () => {
  const upstream = scene.upstreams['main'] as Upstream
  upstream.script = (response) => {
    startSse(response)
    response.write(chatEvents('before').slice(0, 2).join(''))
  }
  const running = await scene.chat({ stream: true })
  scene.gateway.signal('SIGTERM')
  const text = await running.text().catch((error: unknown) => `broken: ${String(error)}`)
  expect(text).not.toContain('[DONE]')
  expect(await scene.gateway.exited).toBe(0)
})
