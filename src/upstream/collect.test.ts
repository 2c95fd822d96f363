import { afterEach, describe, expect, it } from 'vitest'
import { collect } from './collect.ts'
import { createTransport } from './dispatch.ts'
import { createEgressGuard } from './egress-guard.ts'
import { failureOf, options, post } from './testing/exchanges.ts'
import { createFakeTime } from './testing/fake-time.ts'
import { answer, chunk, chunkedHead, startRawServer } from './testing/raw-server.ts'
import { until } from './testing/until.ts'

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function start(...pieces: string[]) {
  const server = await startRawServer((socket) => pieces.forEach((piece) => socket.write(piece)))
  const time = createFakeTime()
  const transport = createTransport({ guard: createEgressGuard(), clock: time.clock, timers: time.timers })
  stops.push(server.stop, transport.destroy)
  return { server, time, transport }
}

describe('collect', () => {
  it('answers the whole body', async () => {
    const { server, transport } = await start(chunkedHead, chunk('one '), chunk('two'), '0\r\n\r\n')
    const given = options()
    const exchange = await transport.dispatch(post(server.url), given)
    expect((await collect(exchange, { maxBytes: 7, signal: given.signal })).toString()).toBe('one two')
  })

  it('answers an empty body', async () => {
    const { server, transport } = await start(answer(''))
    const given = options()
    const exchange = await transport.dispatch(post(server.url), given)
    expect(await collect(exchange, { maxBytes: 7, signal: given.signal })).toHaveLength(0)
  })

  it('refuses a body that is too large, and stops it', async () => {
    const { server, transport } = await start(chunkedHead, chunk('one '), chunk('two'))
    const given = options()
    const exchange = await transport.dispatch(post(server.url), given)
    const error = await failureOf(collect(exchange, { maxBytes: 6, signal: given.signal }))
    expect(error.message).toBe("The upstream's answer is larger than 6 bytes.")
    expect(error).toMatchObject({ code: 'upstream_error', reason: 'provider_down' })
    await until('the socket is closed', () => server.sockets[0]?.destroyed === true)
  })

  it('cuts off a body that is too large where that will do', async () => {
    const { server, transport } = await start(chunkedHead, chunk('one '), chunk('two'))
    const given = options()
    const exchange = await transport.dispatch(post(server.url), given)
    const body = await collect(exchange, { maxBytes: 6, signal: given.signal, truncate: true })
    expect(body.toString()).toBe('one tw')
    await until('the socket is closed', () => server.sockets[0]?.destroyed === true)
  })

  it('rejects with the reason of an abort', async () => {
    const { server, transport } = await start(chunkedHead)
    const left = new AbortController()
    const given = options({ signal: left.signal })
    const exchange = await transport.dispatch(post(server.url), given)
    const failed = failureOf(collect(exchange, { maxBytes: 7, signal: given.signal }))
    const reason = new Error('left')
    left.abort(reason)
    expect(await failed).toBe(reason)
  })

  it('does not take blank lines for the beginning of an answer', async () => {
    const { server, time, transport } = await start(chunkedHead, chunk('\r\n'))
    const deadlines = { connectMs: 1_000, firstEventMs: 10_000, idleMs: 2_000, totalMs: 60_000 }
    const given = options({ deadlines })
    const exchange = await transport.dispatch(post(server.url), given)
    const failed = failureOf(collect(exchange, { maxBytes: 7, signal: given.signal }))
    time.advance(9_000)
    server.sockets[0]?.write(chunk('\n'))
    time.advance(1_000)
    expect((await failed).message).toContain('first event deadline')
  })

  it('takes the beginning of an answer for an event', async () => {
    const { server, time, transport } = await start(chunkedHead, chunk(' {'))
    const deadlines = { connectMs: 60_000, firstEventMs: 10_000, idleMs: 2_000, totalMs: 60_000 }
    const given = options({ deadlines })
    const exchange = await transport.dispatch(post(server.url), given)
    const { armed } = time
    const failed = failureOf(collect(exchange, { maxBytes: 7, signal: given.signal }))
    await until('the event has come', () => time.armed > armed)
    time.advance(2_000)
    expect((await failed).message).toContain('idle deadline')
  })
})
