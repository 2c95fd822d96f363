import { createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { createTransport } from './dispatch.ts'
import { createEgressGuard } from './egress-guard.ts'
import { createFetchText } from './fetch-text.ts'
import { failureOf, post } from './testing/exchanges.ts'
import { answer, type OnRequest, startRawServer } from './testing/raw-server.ts'
import { createSelfSigned } from './testing/self-signed.ts'
import { until } from './testing/until.ts'

const { signal } = new AbortController()
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

function createFetch() {
  const guard = createEgressGuard()
  const transport = createTransport({ guard })
  stops.push(transport.destroy)
  const trusting = (caPem: string) => createTransport({ guard, caPem, caOnly: true })
  return createFetchText({ transport, trusting })
}

async function start(onRequest: OnRequest) {
  const server = await startRawServer(onRequest)
  stops.push(server.stop)
  return server
}

describe('fetchText', () => {
  it('answers status, headers and text, whatever the status', async () => {
    const server = await start((socket) => socket.write(answer('{"error":"no"}', { 'x-id': '7' }, 403)))
    const answered = await createFetch()(post(server.url), { egress: 'operator', signal })
    expect(answered).toMatchObject({ status: 403, text: '{"error":"no"}' })
    expect(answered.headers['x-id']).toBe('7')
  })

  it('does not follow a redirect', async () => {
    const server = await start((socket) => socket.write(answer('', { location: '/elsewhere' }, 302)))
    const answered = await createFetch()(post(server.url), { egress: 'operator', signal })
    expect(answered).toMatchObject({ status: 302, text: '' })
    expect(server.requests).toHaveLength(1)
  })

  it('is bounded in size', async () => {
    const server = await start((socket) => socket.write(answer('x'.repeat(100))))
    const failed = createFetch()(post(server.url), { egress: 'operator', signal, maxBytes: 99 })
    expect(await failureOf(failed)).toMatchObject({ code: 'upstream_error' })
  })

  it('is bounded in time', async () => {
    const server = await start(() => {})
    const failed = createFetch()(post(server.url), { egress: 'operator', signal, timeoutMs: 50 })
    expect(await failureOf(failed)).toMatchObject({ code: 'upstream_timeout' })
  })

  it('is guarded as it is told', async () => {
    const server = await start((socket) => socket.write(answer('')))
    const failed = createFetch()(post(server.url), { egress: 'guarded', signal })
    expect(await failureOf(failed)).toMatchObject({ code: 'upstream_error', costly: false })
    expect(server.sockets).toHaveLength(0)
  })

  it('trusts the certificates it is given, for once', async () => {
    const { key, cert } = createSelfSigned()
    const tls = createTlsServer({ key, cert })
    const server = await startRawServer((socket) => socket.write(answer('keys')), tls)
    stops.push(server.stop)
    const fetchText = createFetch()
    const url = `https://localhost:${server.port}/`
    const answered = await fetchText(post(url), { egress: 'operator', signal, caPem: cert })
    expect(answered.text).toBe('keys')
    await until('its socket is closed', () => server.sockets.every(({ destroyed }) => destroyed))
    expect(await failureOf(fetchText(post(url), { egress: 'operator', signal }))).toMatchObject({
      reason: 'network',
    })
    const other = createSelfSigned().cert
    expect(await failureOf(fetchText(post(url), { egress: 'operator', signal, caPem: other }))).toMatchObject(
      { reason: 'network' },
    )
  })
})
