import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSocket, rawChat } from './support/raw-client.ts'
import { createScene, type Scene } from './support/scene.ts'
import { chatEvents, chunkBody, event, startSse } from './support/upstream.ts'
import { until } from './support/wait.ts'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
})
afterAll(() => scene.stop())

const defects = () => scene.gateway.log().filter(({ level }) => level === 'error')

/** Everything that comes until the socket closes, each piece shown as it comes. */
async function conversation(text: string, onPiece: (soFar: string, socket: Socket) => void = () => {}) {
  const socket = openSocket(scene)
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk.toString()
    onPiece(answer, socket)
  })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

function chunked(body: string, coding = 'chunked'): string {
  const head = rawChat(scene).head.replace(/content-length: \d+/, `transfer-encoding: ${coding}`)
  return head + body
}

describe('a body whose framing is broken', () => {
  it.each([
    ['a chunk size that is no number', () => chunked('zz\r\n{}\r\n0\r\n\r\n')],
    ['a chunk longer than its size', () => chunked('2\r\n{"model":"gpt"}\r\n0\r\n\r\n')],
    ['an endless chunk extension', () => chunked(`2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`)],
    ['an unknown transfer coding', () => chunked('{}', 'xchunked')],
  ])('gets the error object: %s', async (_, request) => {
    const answer = await conversation(request())
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({
      error: { code: 'invalid_request', type: 'invalid_request_error', param: null },
    })
    expect(defects()).toEqual([])
  })
})

describe('garbage behind pipelined requests', () => {
  it('is never answered within, or before, the answer that is due', async () => {
    const main = scene.upstreams['main'] as NonNullable<Scene['upstreams'][string]>
    main.script = (response, request) => {
      startSse(response)
      if (request.json()['user'] === 'first') response.end(chatEvents('whole').join(''))
      else response.write(event(chunkBody({ content: 'begun' })))
    }
    const { head, body } = rawChat(scene, { stream: true, user: 'first' })
    const kept = head.replace('connection: close\r\n', '')
    const second = rawChat(scene, { stream: true })
    const answer = await conversation(`${kept}${body}${second.head}${second.body}`, (soFar, socket) => {
      if (soFar.includes('begun')) socket.write('XXX garbage\r\n\r\n')
    })
    expect(answer).toContain('whole')
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200'])
  })
})

describe('CONNECT', () => {
  it('by a client that is gone at once is no defect', async () => {
    for (let index = 0; index < 20; index++) {
      const socket = openSocket(scene)
      socket.write('CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n')
      await sleep(index % 3)
      socket.resetAndDestroy()
    }
    // By then whatever these came to has been logged.
    const id = 'after-the-connects'
    await scene.request('/v1/models', { headers: { 'x-request-id': id } })
    await until('the log line', () => scene.gateway.log().some((line) => line['request_id'] === id))
    expect(defects()).toEqual([])
  })
})
