import { afterEach, describe, expect, it } from 'vitest'
import { createTransport, type ManagedTransport } from './dispatch.ts'
import { createEgressGuard } from './egress-guard.ts'
import { createReading, failureOf, options, post, readAll } from './testing/exchanges.ts'
import {
  answer,
  chunk,
  chunkedHead,
  type OnRequest,
  type RawServer,
  startRawServer,
} from './testing/raw-server.ts'
import { until } from './testing/until.ts'

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function start(onRequest: OnRequest): Promise<{ server: RawServer; transport: ManagedTransport }> {
  const server = await startRawServer(onRequest)
  const transport = createTransport({ guard: createEgressGuard() })
  stops.push(server.stop, transport.destroy)
  return { server, transport }
}

/** From the abort to the close of the upstream's end of the socket. */
async function expectClosedAtOnce(server: RawServer, abort: () => void): Promise<void> {
  const abortedAt = performance.now()
  abort()
  await until('the socket is closed', () => server.sockets[0]?.destroyed === true)
  expect(performance.now() - abortedAt).toBeLessThan(100)
}

const reason = new Error('the client left')

describe('an abort', () => {
  it('of a signal that was aborted before sends nothing', async () => {
    const { server, transport } = await start((socket) => socket.write(answer('')))
    const error = await failureOf(
      transport.dispatch(post(server.url), options({ signal: AbortSignal.abort(reason) })),
    )
    expect(error).toBe(reason)
    expect(server.sockets).toHaveLength(0)
  })

  it('while TLS is being agreed on closes the socket', async () => {
    const { server, transport } = await start(() => {})
    const given = new AbortController()
    const url = server.url.replace('http:', 'https:')
    const failed = failureOf(transport.dispatch(post(url), options({ signal: given.signal })))
    await until('the socket is open', () => server.sockets.length === 1)
    await expectClosedAtOnce(server, () => given.abort(reason))
    expect(await failed).toBe(reason)
  })

  it('before the head closes the socket', async () => {
    const { server, transport } = await start(() => {})
    const given = new AbortController()
    const failed = failureOf(transport.dispatch(post(server.url), options({ signal: given.signal })))
    await until('the request has come', () => server.requests.length === 1)
    await expectClosedAtOnce(server, () => given.abort(reason))
    expect(await failed).toBe(reason)
  })

  it('while the request is still being sent closes the socket', async () => {
    const size = 64 * 1024 * 1024
    const { server, transport } = await start(() => {})
    const given = new AbortController()
    const request = post(server.url, new Uint8Array(size))
    const failed = failureOf(transport.dispatch(request, options({ signal: given.signal })))
    await until('the socket is open', () => server.sockets.length === 1)
    server.sockets[0]?.pause()
    // The upstream reads nothing for now, so that most of the body stays behind.
    given.abort(reason)
    expect(await failed).toBe(reason)
    await expectClosedAtOnce(server, () => server.sockets[0]?.resume())
    expect(server.sockets[0]?.bytesRead).toBeLessThan(size / 2)
  })

  it.each(['by the signal', 'by the exchange'])('after the head, %s, closes the socket', async (way) => {
    const { server, transport } = await start((socket) => socket.write(chunkedHead))
    const given = new AbortController()
    const exchange = await transport.dispatch(post(server.url), options({ signal: given.signal }))
    await expectClosedAtOnce(server, () => (way === 'by the signal' ? given.abort(reason) : exchange.abort()))
  })

  it.each([
    ['a stream', `${chunkedHead}${chunk('data: 1\n\n')}`],
    ['a whole answer', answer('12345', { 'content-length': '10' })],
  ])('within %s closes the socket, and the reader is told', async (_name, bytes) => {
    const { server, transport } = await start((socket) => socket.write(bytes))
    const given = new AbortController()
    const exchange = await transport.dispatch(post(server.url), options({ signal: given.signal }))
    const reading = createReading()
    exchange.read(reading)
    await until('the body has begun', () => reading.chunks.length === 1)
    await expectClosedAtOnce(server, () => given.abort(reason))
    expect(await reading.ended).toMatchObject({ code: 'upstream_error', reason: null })
  })

  it('within a paused stream closes the socket', async () => {
    const { server, transport } = await start((socket) =>
      socket.write(chunkedHead + chunk('x').repeat(1_000)),
    )
    const exchange = await transport.dispatch(post(server.url), options())
    const reading = createReading(() => exchange.pause())
    exchange.read(reading)
    await until('the body has begun', () => reading.chunks.length === 1)
    await expectClosedAtOnce(server, () => exchange.abort())
    exchange.resume()
    expect(reading.chunks).toHaveLength(1)
    expect(reading.hasEnded).toBe(false)
  })

  it('from within a data call is the last the reader hears', async () => {
    const { server, transport } = await start((socket) =>
      socket.write(chunkedHead + chunk('x').repeat(1_000)),
    )
    const exchange = await transport.dispatch(post(server.url), options())
    const reading = createReading(() => exchange.abort())
    exchange.read(reading)
    await until('the socket is closed', () => server.sockets[0]?.destroyed === true)
    expect(reading.chunks).toHaveLength(1)
    expect(reading.hasEnded).toBe(false)
  })

  it('of one request leaves the others alone', async () => {
    const { server, transport } = await start((socket) => socket.write(`${chunkedHead}${chunk('1')}`))
    const exchanges = await Promise.all([1, 2].map(() => transport.dispatch(post(server.url), options())))
    const readings = exchanges.map((exchange) => {
      const reading = createReading()
      exchange.read(reading)
      return reading
    })
    exchanges[0]?.abort()
    for (const socket of server.sockets) if (!socket.destroyed) socket.write('0\r\n\r\n')
    expect(await readings[1]?.ended).toBeNull()
    expect(readings[0]?.hasEnded).toBe(false)
  })
})

it('a request after an aborted one gets a socket of its own', async () => {
  const { server, transport } = await start((socket, _count, request) => {
    if (request.startsWith('POST /hang')) socket.write(chunkedHead)
    else socket.write(answer('fine'))
  })
  const exchange = await transport.dispatch(post(`${server.url}/hang`), options())
  exchange.abort()
  expect((await readAll(await transport.dispatch(post(server.url), options()))).text).toBe('fine')
  expect(server.sockets).toHaveLength(2)
})
