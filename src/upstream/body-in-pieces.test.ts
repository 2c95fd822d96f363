import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createTransport } from './dispatch.ts'
import { createEgressGuard } from './egress-guard.ts'
import { failureOf, options, post, readAll } from './testing/exchanges.ts'
import { answer, startRawServer } from './testing/raw-server.ts'
import { until } from './testing/until.ts'

const stops: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

function open() {
  const transport = createTransport({ guard: createEgressGuard() })
  stops.push(transport.destroy)
  return transport
}

/** Larger than what the sockets between hold: it is not sent before the other side has read of it. */
const large = Array.from({ length: 400 }, (_, index) => Buffer.alloc(64 * 1024, 0x61 + (index % 26)))

async function startServer(onSocket: (socket: Socket) => void): Promise<{ url: string; sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets }
}

it('arrives whole, with its length, on a socket that serves the next one too', async () => {
  const server = await startRawServer((socket) => socket.write(answer('ok')))
  stops.push(server.stop)
  const transport = open()
  const pieces = [Buffer.from('{"model":"é",'), ...large.slice(0, 5), new Uint8Array(0), Buffer.from('}')]
  for (let times = 0; times < 2; times++) {
    const exchange = await transport.dispatch(post(server.url, pieces), options())
    expect(await readAll(exchange)).toEqual({ text: 'ok', error: null })
  }
  expect(server.sockets).toHaveLength(1)
  const whole = Buffer.concat(pieces)
  for (const request of server.requests) {
    const [head = '', body] = request.split('\r\n\r\n')
    expect(head).toContain(`content-length: ${whole.length}`)
    expect(head).not.toContain('transfer-encoding')
    expect(body === whole.toString('latin1')).toBe(true)
  }
})

it('may be answered before it has been sent, and costs its socket then', async () => {
  const { url, sockets } = await startServer((socket) => {
    socket.once('data', () => {
      socket.pause()
      socket.write(answer('too large', {}, 413))
    })
  })
  const transport = open()
  for (let times = 1; times <= 2; times++) {
    const exchange = await transport.dispatch(post(url, large), options())
    expect(exchange.status).toBe(413)
    expect(await readAll(exchange)).toEqual({ text: 'too large', error: null })
    expect(sockets).toHaveLength(times)
  }
})

it('ends where the request is given up', async () => {
  const { url, sockets } = await startServer((socket) => void socket.once('data', () => socket.pause()))
  const stop = new AbortController()
  const dispatched = open().dispatch(post(url, large), options({ signal: stop.signal }))
  await until('the upstream has read of it', () => sockets.length > 0 && (sockets[0] as Socket).bytesRead > 0)
  const reason = new Error('enough')
  stop.abort(reason)
  expect(await failureOf(dispatched)).toBe(reason)
  const [socket] = sockets
  const closed = once(socket as Socket, 'close')
  socket?.resume()
  await closed
})

it('fails where the upstream hangs up in the middle of it', async () => {
  const { url } = await startServer((socket) => void socket.once('data', () => socket.destroy()))
  const error = await failureOf(open().dispatch(post(url, large), options()))
  expect(error).toMatchObject({ code: 'upstream_error', reason: 'network', costly: true })
})
