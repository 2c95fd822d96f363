import { createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { createTransport, type ManagedTransport, type TransportOptions } from './dispatch.ts'
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
import { createSelfSigned } from './testing/self-signed.ts'
import { until } from './testing/until.ts'

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function start(
  onRequest: OnRequest,
  given: Partial<TransportOptions> = {},
): Promise<{ server: RawServer; transport: ManagedTransport }> {
  const server = await startRawServer(onRequest)
  const transport = createTransport({ guard: createEgressGuard(), ...given })
  stops.push(server.stop, transport.destroy)
  return { server, transport }
}

const echoPath: OnRequest = (socket, _count, request) => socket.write(answer(request.split(' ')[1] ?? ''))

describe('a request', () => {
  it('goes out as it is', async () => {
    const { server, transport } = await start(echoPath)
    const request = {
      method: 'PUT' as const,
      url: `${server.url}/model/a%3Ab%2Fc/invoke?x=1&y=%20#fragment`,
      headers: { 'content-type': 'application/json', 'x-amz-date': '20250102T030405Z' },
      body: new Uint8Array([0x7b, 0x7d]),
    }
    const exchange = await transport.dispatch(request, options())
    expect(await readAll(exchange)).toEqual({ text: '/model/a%3Ab%2Fc/invoke?x=1&y=%20', error: null })
    const [head = '', body] = (server.requests[0] ?? '').split('\r\n\r\n')
    expect(head.split('\r\n')).toEqual([
      'PUT /model/a%3Ab%2Fc/invoke?x=1&y=%20 HTTP/1.1',
      `host: 127.0.0.1:${server.port}`,
      'connection: keep-alive',
      'accept-encoding: identity',
      'content-type: application/json',
      'x-amz-date: 20250102T030405Z',
      'content-length: 2',
    ])
    expect(body).toBe('{}')
  })

  it('may have no body', async () => {
    const { server, transport } = await start(echoPath)
    const request = { method: 'GET' as const, url: `${server.url}/v1/models`, headers: {}, body: null }
    expect((await readAll(await transport.dispatch(request, options()))).text).toBe('/v1/models')
  })

  it.each([
    ['a line break', 'one\r\nx-other: two'],
    ['a null character', 'one\0'],
    ['a character outside Latin-1', 'one€'],
  ])('is refused with %s in a header, and not sent', async (_name, value) => {
    const { server, transport } = await start(echoPath)
    const request = { ...post(server.url), headers: { 'x-secret': value } }
    const error = await failureOf(transport.dispatch(request, options()))
    expect(error.message).toBe('The request cannot be sent to the upstream: invalid x-secret header.')
    expect(error).toMatchObject({ code: 'upstream_error', costly: false })
    expect(server.requests).toEqual([])
  })
})

describe('an answer', () => {
  it('comes with its status and headers', async () => {
    const head =
      'HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nX-List: a\r\nx-list: b\r\nX-LIST: c\r\ncontent-length: 2'
    const { server, transport } = await start((socket) => socket.write(`${head}\r\n\r\nno`))
    const exchange = await transport.dispatch(post(server.url), options())
    expect(exchange.status).toBe(429)
    expect(exchange.headers).toEqual({ 'retry-after': '7', 'x-list': 'a, b, c', 'content-length': '2' })
    expect((await readAll(exchange)).text).toBe('no')
  })

  it('that is a redirect is handed back, not followed', async () => {
    const { server, transport } = await start((socket) =>
      socket.write(answer('', { location: 'http://127.0.0.1:9/elsewhere' }, 307)),
    )
    const exchange = await transport.dispatch(post(server.url), options())
    expect(exchange.status).toBe(307)
    expect(exchange.headers['location']).toBe('http://127.0.0.1:9/elsewhere')
    expect(server.requests).toHaveLength(1)
  })

  it('may follow a 1xx', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'
    const { server, transport } = await start((socket) => socket.write(early + answer('whole')))
    const exchange = await transport.dispatch(post(server.url), options())
    expect(exchange.status).toBe(200)
    expect((await readAll(exchange)).text).toBe('whole')
  })

  it('may end with the connection', async () => {
    const { server, transport } = await start((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nto the end'),
    )
    expect(await readAll(await transport.dispatch(post(server.url), options()))).toEqual({
      text: 'to the end',
      error: null,
    })
  })

  it('waits to be read, complete or not', async () => {
    const { server, transport } = await start((socket) => socket.write(answer('patient')))
    const exchange = await transport.dispatch(post(server.url), options())
    // The socket has long been given to another request.
    await readAll(await transport.dispatch(post(server.url), options()))
    expect(await readAll(exchange)).toEqual({ text: 'patient', error: null })
  })

  it('keeps its order over pauses and resumes from within', async () => {
    const words = Array.from({ length: 200 }, (_, index) => `word ${index} `)
    const { server, transport } = await start((socket) => {
      socket.write(chunkedHead)
      for (const word of words) socket.write(chunk(word))
      socket.write('0\r\n\r\n')
    })
    const exchange = await transport.dispatch(post(server.url), options())
    let count = 0
    const reading = createReading(() => {
      exchange.pause()
      if (count++ % 2 === 0) exchange.resume()
      else setImmediate(() => exchange.resume())
    })
    exchange.pause()
    exchange.read(reading)
    expect(reading.chunks).toHaveLength(0)
    exchange.resume()
    expect(await reading.ended).toBeNull()
    expect(reading.text()).toBe(words.join(''))
  })

  it('does not end while it is paused', async () => {
    const { server, transport } = await start((socket) => socket.write(answer('all')))
    const exchange = await transport.dispatch(post(server.url), options())
    const reading = createReading(() => exchange.pause())
    exchange.read(reading)
    await until('the body has come', () => reading.text() === 'all')
    await readAll(await transport.dispatch(post(server.url), options()))
    expect(reading.hasEnded).toBe(false)
    exchange.resume()
    expect(await reading.ended).toBeNull()
  })
})

describe('sockets', () => {
  it('are used again after a whole body', async () => {
    const { server, transport } = await start(echoPath)
    for (let count = 0; count < 5; count++) {
      await readAll(await transport.dispatch(post(`${server.url}/${count}`), options()))
    }
    expect(server.requests).toHaveLength(5)
    expect(server.sockets).toHaveLength(1)
  })

  it('carry one request at a time', async () => {
    const { server, transport } = await start((socket, count) => {
      if (count === 1) setImmediate(() => socket.write(answer('slow')))
    })
    const both = [1, 2].map(async () => readAll(await transport.dispatch(post(server.url), options())))
    expect(await Promise.all(both)).toEqual([
      { text: 'slow', error: null },
      { text: 'slow', error: null },
    ])
    expect(server.sockets).toHaveLength(2)
  })

  it('are used again although the signal is aborted afterwards', async () => {
    const { server, transport } = await start(echoPath)
    const given = new AbortController()
    const exchange = await transport.dispatch(post(server.url), options({ signal: given.signal }))
    await readAll(exchange)
    given.abort()
    exchange.abort()
    exchange.pause()
    exchange.resume()
    await readAll(await transport.dispatch(post(server.url), options()))
    expect(server.sockets).toHaveLength(1)
  })

  it('that died idle are replaced before a request is spent on them', async () => {
    const { server, transport } = await start((socket, count) => {
      socket.write(answer(`request ${count}`))
      if (count === 1) socket.end()
    })
    for (let round = 0; round < 5; round++) {
      const { text, error } = await readAll(await transport.dispatch(post(server.url), options()))
      expect({ text, error }).toEqual({ text: 'request 1', error: null })
      await until('both ends have closed', () => server.sockets[round]?.destroyed === true)
    }
    expect(server.sockets).toHaveLength(5)
  })

  it('that the upstream is about to close are not used again', async () => {
    const headers = { connection: 'keep-alive', 'keep-alive': 'timeout=2' }
    const { server, transport } = await start((socket) => socket.write(answer('soon gone', headers)))
    for (let round = 0; round < 3; round++) {
      expect((await readAll(await transport.dispatch(post(server.url), options()))).text).toBe('soon gone')
    }
    expect(server.sockets).toHaveLength(3)
  })

  it('that the upstream closes after each answer are replaced', async () => {
    const { server, transport } = await start((socket) => socket.end(answer('once', { connection: 'close' })))
    for (let round = 0; round < 5; round++) {
      expect((await readAll(await transport.dispatch(post(server.url), options()))).text).toBe('once')
    }
    expect(server.sockets).toHaveLength(5)
  })

  it('speak TLS, and trust what ca_file adds', async () => {
    const { key, cert } = createSelfSigned()
    const tls = createTlsServer({ key, cert })
    const server = await startRawServer(echoPath, tls)
    const guard = createEgressGuard()
    const trusting = createTransport({ guard, caPem: cert })
    const strict = createTransport({ guard })
    stops.push(server.stop, trusting.destroy, strict.destroy)
    const url = `https://localhost:${server.port}/secret`
    expect((await readAll(await trusting.dispatch(post(url), options()))).text).toBe('/secret')
    const error = await failureOf(strict.dispatch(post(url), options()))
    expect(error.message).toBe('The upstream could not be reached: its certificate is not trusted.')
    expect(error).toMatchObject({ code: 'upstream_error', reason: 'network', costly: false })
  })

  it('are refused a certificate for another host', async () => {
    const { key, cert } = createSelfSigned()
    const server = await startRawServer(echoPath, createTlsServer({ key, cert }))
    const lookup = (_name: string, _options: unknown, callback: (error: null, found: []) => void) =>
      process.nextTick(callback, null, [{ address: '127.0.0.1', family: 4 }])
    const transport = createTransport({ guard: createEgressGuard({ lookup }), caPem: cert })
    stops.push(server.stop, transport.destroy)
    const error = await failureOf(
      transport.dispatch(post(`https://other.example:${server.port}/`), options()),
    )
    expect(error.message).toBe('The upstream could not be reached: its certificate is for another host.')
  })
})

describe('the end of the transport', () => {
  it('waits for what is under way, and takes nothing new', async () => {
    const { server, transport } = await start((socket) => {
      socket.write(chunkedHead)
      socket.write(chunk('half '))
    })
    const exchange = await transport.dispatch(post(server.url), options())
    const reading = createReading()
    exchange.read(reading)
    let isClosed = false
    const closed = transport.close().then(() => {
      isClosed = true
    })
    const refusal = await failureOf(transport.dispatch(post(server.url), options()))
    expect(refusal).toMatchObject({ code: 'shutting_down' })
    expect(isClosed).toBe(false)
    server.sockets[0]?.write(`${chunk('whole')}0\r\n\r\n`)
    expect(await reading.ended).toBeNull()
    expect(reading.text()).toBe('half whole')
    await closed
    await until('the socket is closed', () => server.sockets[0]?.destroyed === true)
  })

  it('can be made to come at once', async () => {
    const { server, transport } = await start((socket) => socket.write(chunkedHead))
    const exchange = await transport.dispatch(post(server.url), options())
    const reading = createReading()
    exchange.read(reading)
    const waiting = failureOf(transport.dispatch(post(`${server.url}/2`), options()))
    await transport.destroy()
    expect(await reading.ended).toMatchObject({ code: 'upstream_error' })
    expect(await waiting).toMatchObject({ code: 'upstream_error' })
  })
})
