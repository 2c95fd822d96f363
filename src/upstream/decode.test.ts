import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { createTransport } from './dispatch.ts'
import { createEgressGuard } from './egress-guard.ts'
import { createReading, failureOf, options, post, readAll } from './testing/exchanges.ts'
import { type RawServer, startRawServer } from './testing/raw-server.ts'
import { settledBytes, until } from './testing/until.ts'

const text = 'data: {"choices":[]}\n\n'.repeat(5_000)
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

/** Answers once with these bytes, encoded as the header says. */
async function start(encoding: string, bytes: Buffer, length = bytes.length) {
  const server: RawServer = await startRawServer((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${length}\r\n\r\n`)
    socket.write(bytes)
  })
  const transport = createTransport({ guard: createEgressGuard() })
  stops.push(server.stop, transport.destroy)
  return { server, dispatch: () => transport.dispatch(post(server.url), options()) }
}

describe('an answer that is compressed although nobody asked', () => {
  it.each([
    ['gzip', gzipSync(text)],
    ['X-GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
  ])('as %s is read as what it was', async (encoding, bytes) => {
    const { server, dispatch } = await start(encoding, bytes)
    const exchange = await dispatch()
    expect(exchange.headers).toEqual({})
    expect(await readAll(exchange)).toEqual({ text, error: null })
    await readAll(await dispatch())
    expect(server.sockets).toHaveLength(1)
  })

  it('keeps its order over pauses', async () => {
    const { dispatch } = await start('gzip', gzipSync(text))
    const exchange = await dispatch()
    const reading = createReading(() => {
      exchange.event()
      exchange.pause()
      setImmediate(() => exchange.resume())
    })
    exchange.pause()
    exchange.read(reading)
    exchange.resume()
    expect(await reading.ended).toBeNull()
    expect(reading.text()).toBe(text)
    expect(reading.chunks.length).toBeGreaterThan(1)
  })

  it('stops the upstream while its reader has paused', async () => {
    const { server, dispatch } = await start('gzip', gzipSync(randomBytes(32 * 1024 * 1024)))
    const exchange = await dispatch()
    const reading = createReading(() => exchange.pause())
    exchange.read(reading)
    await until('it has begun', () => reading.chunks.length === 1)
    expect(await settledBytes(server.sockets[0])).toBeLessThan(16 * 1024 * 1024)
    expect(reading.chunks).toHaveLength(1)
    exchange.abort()
    await until('the socket is closed', () => server.sockets[0]?.destroyed === true)
    expect(reading.chunks).toHaveLength(1)
    expect(reading.hasEnded).toBe(false)
  })

  it('is unpacked piece by piece, however much is in it', async () => {
    const { dispatch } = await start('gzip', gzipSync(Buffer.alloc(64 * 1024 * 1024)))
    const exchange = await dispatch()
    const reading = createReading(() => exchange.pause())
    exchange.read(reading)
    await until('it has begun', () => reading.chunks.length === 1)
    expect(reading.chunks[0]?.length).toBeLessThanOrEqual(64 * 1024)
    exchange.abort()
  })

  it.each([
    ['damaged', Buffer.from('this is not gzip')],
    ['cut off', gzipSync(text).subarray(0, 100)],
  ])('and %s is a failure', async (_name, bytes) => {
    const { dispatch } = await start('gzip', bytes)
    const { error } = await readAll(await dispatch())
    expect(error).toMatchObject({ code: 'upstream_error', reason: 'provider_down' })
  })

  it.each(['compress', 'gzip, br', 'constructor'])('as %s is a failure', async (encoding) => {
    const { server, dispatch } = await start(encoding, Buffer.from('?'))
    const error = await failureOf(dispatch())
    expect(error).toMatchObject({ code: 'upstream_error', reason: 'provider_down' })
    await until('the socket is closed', () => server.sockets[0]?.destroyed === true)
  })

  it('and lost on the way is a failure of the network', async () => {
    const bytes = gzipSync(text)
    const { server, dispatch } = await start('gzip', bytes, bytes.length * 2)
    const exchange = await dispatch()
    const reading = createReading()
    exchange.read(reading)
    await until('it has begun', () => reading.chunks.length > 0)
    server.sockets[0]?.resetAndDestroy()
    expect(await reading.ended).toMatchObject({ code: 'upstream_error', reason: 'network' })
  })
})

it('identity is no encoding', async () => {
  const { dispatch } = await start('identity', Buffer.from('plain'))
  expect((await readAll(await dispatch())).text).toBe('plain')
})
