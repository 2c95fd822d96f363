import type { Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createTransport } from './dispatch.ts'
import { createEgressGuard } from './egress-guard.ts'
import { createReading, options, post } from './testing/exchanges.ts'
import { chunk, chunkedHead, startRawServer } from './testing/raw-server.ts'
import { settledBytes } from './testing/until.ts'

const mebibyte = 1024 * 1024
const whole = 64 * mebibyte
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

/** Writes as the socket takes it. */
async function writeBody(socket: Socket): Promise<void> {
  socket.write(chunkedHead)
  const piece = chunk('x'.repeat(mebibyte))
  for (let sent = 0; sent < whole && !socket.destroyed; sent += mebibyte) {
    if (!socket.write(piece)) await new Promise<void>((resolve) => socket.once('drain', resolve))
  }
  socket.write('0\r\n\r\n')
}

async function start() {
  const server = await startRawServer((socket) => void writeBody(socket))
  const transport = createTransport({ guard: createEgressGuard() })
  stops.push(server.stop, transport.destroy)
  return { server, transport }
}

it('an answer that nobody reads stops the upstream', async () => {
  const { server, transport } = await start()
  const exchange = await transport.dispatch(post(server.url), options())
  expect(await settledBytes(server.sockets[0])).toBeLessThan(16 * mebibyte)
  let size = 0
  const reading = createReading((bytes) => {
    size += bytes.length
    reading.chunks.length = 0
  })
  exchange.read(reading)
  expect(await reading.ended).toBeNull()
  expect(size).toBe(whole)
})

it('a reader that pauses stops the upstream, and gets everything in the end', async () => {
  const { server, transport } = await start()
  const exchange = await transport.dispatch(post(server.url), options())
  let size = 0
  const pauses: { before: number; after: number; sent: number }[] = []
  const reading = createReading((bytes) => {
    size += bytes.length
    reading.chunks.length = 0
    if (size < (pauses.length + 1) * 16 * mebibyte) return
    exchange.pause()
    const pause = { before: size, after: 0, sent: 0 }
    pauses.push(pause)
    void settledBytes(server.sockets[0]).then((sent) => {
      Object.assign(pause, { after: size, sent })
      exchange.resume()
    })
  })
  exchange.read(reading)
  expect(await reading.ended).toBeNull()
  expect(size).toBe(whole)
  expect(pauses).toHaveLength(4)
  for (const { before, after, sent } of pauses) {
    expect(after).toBe(before)
    expect(sent).toBeLessThan(before + 16 * mebibyte)
  }
})
