import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { GatewayError } from '../core/errors.ts'
import { createTransport, type ManagedTransport } from './dispatch.ts'
import { createEgressGuard, type Lookup } from './egress-guard.ts'
import { createReading, failureOf, options, post, readAll } from './testing/exchanges.ts'
import { createFakeTime, type FakeTime } from './testing/fake-time.ts'
import {
  answer,
  chunk,
  chunkedHead,
  type OnRequest,
  type RawServer,
  startRawServer,
} from './testing/raw-server.ts'
import { until } from './testing/until.ts'

const deadlines = { connectMs: 5_000, firstEventMs: 300_000, idleMs: 60_000, totalMs: 600_000 }
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

interface Scene {
  readonly server: RawServer
  readonly transport: ManagedTransport
  readonly time: FakeTime
}

async function start(onRequest: OnRequest, lookup?: Lookup): Promise<Scene> {
  const server = await startRawServer(onRequest)
  const time = createFakeTime()
  const guard = createEgressGuard(lookup === undefined ? {} : { lookup })
  const transport = createTransport({ guard, clock: time.clock, timers: time.timers })
  stops.push(server.stop, transport.destroy)
  return { server, transport, time }
}

function silently(): void {}

describe('an upstream that cannot be reached', () => {
  it('because nobody listens costs nothing', async () => {
    const { transport } = await start(silently)
    // The port of a server that has stopped may be another's by now; nobody gets this one.
    const error = await failureOf(transport.dispatch(post('http://127.0.0.1:1/'), options()))
    expect(error).toMatchObject({ code: 'upstream_error', status: 502, reason: 'network', costly: false })
    expect(error.message).toBe('The upstream could not be reached: connection refused.')
  })

  it.each([
    ['EMFILE', 'open files'],
    ['ENOBUFS', 'network buffers'],
  ])('because this machine has run out (%s) is no failure of the upstream', async (code, lacking) => {
    const outOf = Object.assign(new Error(`connect ${code}`), { code })
    const { transport } = await start(silently, (_host, _options, callback) => callback(outOf, []))
    const error = await failureOf(transport.dispatch(post('http://any.example/'), options()))
    expect(error).toMatchObject({ code: 'overloaded', status: 503, reason: null, retryAfterMs: 1_000 })
    expect(error.message).toBe(`The gateway has run out of ${lacking}.`)
  })

  it('because DNS never answers is given up by the connect deadline', async () => {
    const { transport, time } = await start(silently, () => {})
    const failed = failureOf(transport.dispatch(post('http://slow.example/'), options({ deadlines })))
    time.advance(5_000)
    const error = await failed
    expect(error).toMatchObject({ code: 'upstream_timeout', status: 504, reason: 'timeout', costly: false })
    expect(error.message).toContain('connect deadline of 5000 ms')
    expect(time.pending).toBe(0)
  })

  it('because TLS is never agreed on is given up by the connect deadline, and its socket closed', async () => {
    const { server, transport, time } = await start(silently)
    const url = server.url.replace('http:', 'https:')
    const failed = failureOf(transport.dispatch(post(url), options({ deadlines })))
    await until('the socket is open', () => server.sockets.length === 1)
    time.advance(5_000)
    expect(await failed).toMatchObject({ code: 'upstream_timeout', costly: false })
    await until('the socket is closed', () => server.sockets[0]?.destroyed === true)
  })

  it('because it speaks no TLS says so', async () => {
    const { server, transport } = await start(silently)
    const url = server.url.replace('http:', 'https:')
    const failed = failureOf(transport.dispatch(post(url), options()))
    await until('the socket is open', () => server.sockets.length === 1)
    server.sockets[0]?.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    expect(await failed).toMatchObject({
      message: 'The upstream could not be reached: TLS could not be agreed on.',
      costly: false,
    })
  })
})

describe('a connection that is lost', () => {
  const reset = (socket: Socket) => socket.resetAndDestroy()
  const close = (socket: Socket) => socket.end()

  it.each([
    ['reset', reset, 'connection reset'],
    ['closed', close, 'connection closed'],
  ])('before the answer (%s) may have cost something', async (_name, lose, words) => {
    const { server, transport } = await start(lose)
    const error = await failureOf(transport.dispatch(post(server.url), options()))
    expect(error.message).toBe(`The connection to the upstream was lost before its answer: ${words}.`)
    expect(error).toMatchObject({ code: 'upstream_error', status: 502, reason: 'network', costly: true })
  })

  const cases: [name: string, head: string, lose: (socket: Socket) => void][] = [
    ['reset after the head', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n', reset],
    ['closed after the head', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n', close],
    ['reset within a body of known length', answer('12345', { 'content-length': '10' }), reset],
    ['closed within a body of known length', answer('12345', { 'content-length': '10' }), close],
    ['reset between chunks', `${chunkedHead}${chunk('12345')}`, reset],
    ['closed between chunks', `${chunkedHead}${chunk('12345')}`, close],
    ['closed within a chunk', `${chunkedHead}a\r\n12345`, close],
    [
      'closed, as announced, before the end',
      `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\n1`,
      close,
    ],
    ['reset where only the end of the connection ends the body', 'HTTP/1.1 200 OK\r\n\r\n12345', reset],
  ]
  it.each(cases)('%s fails within the answer', async (_name, head, lose) => {
    const { server, transport } = await start((socket) =>
      socket.write(head, () => setImmediate(lose, socket)),
    )
    const exchange = await transport.dispatch(post(server.url), options())
    const { text, error } = await readAll(exchange)
    expect('12345'.startsWith(text)).toBe(true)
    expect(error).toMatchObject({ code: 'upstream_error', reason: 'network', costly: true })
    expect(error?.message).toMatch(/^The connection to the upstream was lost within its answer: connection/)
    expect(server.sockets).toHaveLength(1)
  })

  it('is known although nobody reads yet, and told after what had come', async () => {
    const { server, transport } = await start((socket) => {
      socket.write(answer('12345', { 'content-length': '10' }), () => socket.end())
    })
    const exchange = await transport.dispatch(post(server.url), options())
    await until('both ends have closed', () => server.sockets[0]?.destroyed === true)
    const { text, error } = await readAll(exchange)
    expect(text).toBe('12345')
    expect(error).toMatchObject({ code: 'upstream_error' })
  })

  it('is told to a reader that has paused', async () => {
    const { server, transport } = await start((socket) => socket.write(`${chunkedHead}${chunk('12345')}`))
    const exchange = await transport.dispatch(post(server.url), options())
    const reading = createReading(() => exchange.pause())
    exchange.read(reading)
    await until('the first chunk has come', () => reading.text() === '12345')
    server.sockets[0]?.resetAndDestroy()
    expect(await reading.ended).toMatchObject({ code: 'upstream_error', reason: 'network' })
  })

  it.each(['nonsense\r\n\r\n', 'HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n', `${chunkedHead}zz\r\n`])(
    'for not being HTTP (%j) is a failure of the upstream',
    async (bytes) => {
      const { server, transport } = await start((socket) => socket.write(bytes))
      const failed = transport.dispatch(post(server.url), options()).then(readAll)
      const error = await failed.then(
        (read) => read.error,
        (thrown: Error) => thrown,
      )
      expect(error).toMatchObject({ code: 'upstream_error', reason: 'network' })
      expect(error?.message).toContain('its answer is not valid HTTP')
    },
  )

  it('for headers without end is a failure of the upstream', async () => {
    const line = `x-filler: ${'a'.repeat(8_000)}\r\n`
    const { server, transport } = await start((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\n${line.repeat(9)}`),
    )
    const error = await failureOf(transport.dispatch(post(server.url), options()))
    expect(error.message).toContain('its headers are too large')
  })
})

describe('a request on a socket that served before', () => {
  const dropsSecond: OnRequest = (socket, count) => {
    if (count === 1) socket.write(answer('first'))
    else socket.destroy()
  }

  async function secondAfter(idleMs: number, onRequest: OnRequest): Promise<GatewayError> {
    const { server, transport, time } = await start(onRequest)
    await readAll(await transport.dispatch(post(server.url), options({ deadlines })))
    time.advance(idleMs)
    const error = await failureOf(transport.dispatch(post(server.url), options({ deadlines })))
    expect(server.sockets).toHaveLength(1)
    return error as GatewayError
  }

  it('costs nothing where the upstream closed it for having been idle', async () => {
    expect(await secondAfter(2_000, dropsSecond)).toMatchObject({ reason: 'network', costly: false })
  })

  it('may have cost something where it was in use a moment before', async () => {
    expect(await secondAfter(10, dropsSecond)).toMatchObject({ reason: 'network', costly: true })
  })

  it('may have cost something where an answer had begun', async () => {
    const beginsSecond: OnRequest = (socket, count) => {
      if (count === 1) socket.write(answer('first'))
      else socket.write('HTTP/1.1 200 O', () => socket.destroy())
    }
    expect(await secondAfter(2_000, beginsSecond)).toMatchObject({ reason: 'network', costly: true })
  })
})

describe('an upstream that hangs', () => {
  async function hang(sent: string): Promise<Scene & { exchange: ReturnType<ManagedTransport['dispatch']> }> {
    const scene = await start((socket) => socket.write(sent))
    const exchange = scene.transport.dispatch(post(scene.server.url), options({ deadlines }))
    exchange.catch(() => {})
    await until('the request has come', () => scene.server.requests.length === 1)
    return { ...scene, exchange }
  }

  async function expectClosed(scene: Scene): Promise<void> {
    await until('the socket is closed', () => scene.server.sockets[0]?.destroyed === true)
    expect(scene.time.pending).toBe(0)
  }

  it('before its head is given up by the first-event deadline', async () => {
    const scene = await hang('')
    scene.time.advance(300_000)
    const error = await failureOf(scene.exchange)
    expect(error).toMatchObject({ code: 'upstream_timeout', status: 504, reason: 'timeout', costly: true })
    expect(error.message).toContain('first event deadline of 300000 ms')
    await expectClosed(scene)
  })

  it('after its head is given up by the first-event deadline, comments not counting', async () => {
    const scene = await hang(`${chunkedHead}${chunk(': waiting\n\n')}`)
    const reading = createReading()
    const exchange = await scene.exchange
    exchange.read(reading)
    await until('the comment has come', () => reading.chunks.length === 1)
    scene.time.advance(299_999)
    expect(reading.hasEnded).toBe(false)
    scene.time.advance(1)
    expect(await reading.ended).toMatchObject({ code: 'upstream_timeout', reason: 'timeout', costly: true })
    await expectClosed(scene)
  })

  it('after an event is given up by the idle deadline', async () => {
    const scene = await hang(`${chunkedHead}${chunk('data: 1\n\n')}`)
    const exchange = await scene.exchange
    const reading = createReading(() => exchange.event())
    exchange.read(reading)
    await until('the event has come', () => reading.chunks.length === 1)
    scene.time.advance(59_999)
    expect(reading.hasEnded).toBe(false)
    scene.time.advance(1)
    const error = await reading.ended
    expect(error).toMatchObject({ code: 'upstream_timeout', reason: 'timeout' })
    expect(error?.message).toContain('idle deadline of 60000 ms')
    await expectClosed(scene)
  })

  it('but only because the reader has paused is given up by the total deadline alone', async () => {
    const scene = await hang(`${chunkedHead}${chunk('data: 1\n\n')}`)
    const exchange = await scene.exchange
    const reading = createReading(() => {
      exchange.event()
      exchange.pause()
    })
    exchange.read(reading)
    await until('the event has come', () => reading.chunks.length === 1)
    scene.time.advance(599_999)
    expect(reading.hasEnded).toBe(false)
    scene.time.advance(1)
    expect((await reading.ended)?.message).toContain('total deadline of 600000 ms')
    await expectClosed(scene)
  })

  it('leaves no timer behind when it answers after all', async () => {
    const scene = await hang('')
    scene.server.sockets[0]?.write(answer('late'))
    expect(await readAll(await scene.exchange)).toEqual({ text: 'late', error: null })
    expect(scene.time.pending).toBe(0)
  })
})
