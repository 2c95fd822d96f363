import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { metric } from '../support/metrics.ts'
import { openSocket, rawChat } from '../support/raw-client.ts'
import { chatModel, createScene, type Scene } from '../support/scene.ts'
import {
  chatAnswer,
  chatBody,
  chunkBody,
  event,
  type Script,
  sendJson,
  startSse,
  type Upstream,
} from '../support/upstream.ts'
import { until } from '../support/wait.ts'

const patience = { timeoutMs: 30_000, everyMs: 20 }
/** Streams are broken off after this, so that a client that does not read comes to its last bytes soon. */
const totalMs = 3_000
/** The gateway waits 60 s for a client to take its last bytes. */
const flushed = { timeoutMs: totalMs + 75_000, everyMs: 250 }

let scene: Scene
const upstream = (name: 'main' | 'silent') => scene.upstreams[name] as Upstream
const inflight = ({ gateway }: Scene = scene) => metric(gateway, 'modelgate_inflight_requests')
const recordsOf = (id: string, { gateway }: Scene = scene) =>
  gateway.log().filter((line) => line['msg'] === 'request' && line['request_id'] === id)

beforeAll(async () => {
  scene = await createScene({
    upstreams: { main: chatAnswer('hello'), silent: () => {} },
    config: ({ main = '', silent = '' }) => ({
      models: [chatModel('gpt', { main }), chatModel('silent', { silent })],
    }),
  })
})
afterAll(() => scene.stop())

/** More than any socket's buffers hold: whole, or as a stream without an end. */
const large: Script = (response, request) => {
  if (request.json()['stream'] !== true) {
    return sendJson(response, { ...chatBody('long'), padding: 'x'.repeat(30 * 1024 * 1024) })
  }
  startSse(response)
  const word = event(chunkBody({ content: 'x'.repeat(16_384) }))
  const more = () => {
    while (!response.destroyed) if (!response.write(word)) return void response.once('drain', more)
  }
  more()
}

it(
  'a body that comes byte by byte disturbs nobody, and is answered in the end',
  { timeout: 90_000 },
  async () => {
    const request = rawChat(scene)
    const slow = Array.from({ length: 50 }, () => sendSlowly(openSocket(scene), request))
    await until('all are sending', () => slow.every(({ sent }) => sent() >= 3), patience)
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => scene.chat({ stream: index % 2 === 0 })),
      )
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      await Promise.all(answers.map((answer) => answer.text()))
    }
    expect(upstream('main').requests).toHaveLength(50)
    expect(slow.every(({ sent }) => sent() < request.body.length)).toBe(true)
    for (const { hurry } of slow) hurry()
    await until(
      'all are answered',
      () => slow.every(({ text }) => text().startsWith('HTTP/1.1 200 ')),
      patience,
    )
    await until('nobody is in flight', async () => (await inflight()) === 0, patience)
  },
)

it('a client that leaves within its body is no fault of the gateway, and recorded once', async () => {
  const { head, body } = rawChat(scene, {}, 'within')
  const sockets = Array.from({ length: 20 }, () => openSocket(scene))
  for (const socket of sockets) socket.write(head + body.slice(0, 10))
  await until('all have come', async () => (await inflight()) === 20, patience)
  for (const [index, socket] of sockets.entries()) {
    if (index % 2 === 0) socket.resetAndDestroy()
    else socket.destroy()
  }
  await until('all are gone', async () => (await inflight()) === 0, patience)
  await until('all are recorded', () => recordsOf('within').length >= 20, patience)
  const outcomes = recordsOf('within').map((record) => record['outcome'])
  expect(outcomes).toEqual(Array.from({ length: 20 }, () => 'aborted'))
  expect(scene.gateway.output()).not.toContain('failed within the gateway')
})

it('a client that closes its half has left: the upstream is left too', async () => {
  const { head, body } = rawChat(scene, { model: 'silent' }, 'half')
  const socket = openSocket(scene, { allowHalfOpen: true })
  socket.resume()
  socket.write(head + body)
  await until('the upstream has the request', () => upstream('silent').busy === 1, patience)
  const closed = once(socket, 'close')
  socket.end()
  await until('the upstream is left', () => upstream('silent').busy === 0, patience)
  await until('nobody is in flight', async () => (await inflight()) === 0, patience)
  await closed
  await until('it is recorded', () => recordsOf('half').length > 0, patience)
  expect(recordsOf('half')).toMatchObject([{ model: 'silent', outcome: 'aborted' }])
})

it.concurrent.each<[string, Record<string, unknown>]>([
  ['a stream', { stream: true }],
  ['a whole answer', {}],
])('a client that never reads its last bytes is cut: %s', { timeout: 180_000 }, async (_, fields) => {
  const own = await createScene({
    upstreams: { large },
    config: (urls) => ({ upstream: { total_timeout_ms: totalMs }, models: [chatModel('gpt', urls)] }),
  })
  const socket = openSocket(own).pause()
  try {
    const { head, body } = rawChat(own, fields, 'deaf')
    socket.write(head + body)
    // The record is written with the last bytes; the place is held until they are read, or given up.
    await until('it is recorded', () => recordsOf('deaf', own).length > 0, patience)
    await until('its place is free', async () => (await inflight(own)) === 0, flushed)
    expect(own.upstreams['large']?.busy).toBe(0)
  } finally {
    socket.destroy()
    await own.stop()
  }
})

/** Head at once, then a byte of the body each 200 ms; `hurry` sends the rest. */
function sendSlowly(socket: Socket, { head, body }: { head: string; body: string }) {
  let text = ''
  let sent = 0
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  socket.write(head)
  const timer = setInterval(() => void socket.write(body.charAt(sent++)), 200)
  socket.on('close', () => clearInterval(timer))
  return {
    text: () => text,
    sent: () => sent,
    hurry: () => {
      clearInterval(timer)
      socket.write(body.slice(sent))
    },
  }
}
