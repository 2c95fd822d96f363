import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, request as send } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { createTransport, type TransportOptions } from './dispatch.ts'
import { createEgressGuard } from './egress-guard.ts'
import { failureOf, options, post, readAll } from './testing/exchanges.ts'
import { answer, type OnRequest, type RawServer, startRawServer } from './testing/raw-server.ts'
import { createSelfSigned } from './testing/self-signed.ts'
import { until } from './testing/until.ts'

interface Seen {
  readonly method: string
  readonly target: string
  readonly headers: IncomingHttpHeaders
}

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

/** Forwards whole URLs and tunnels; every host but those of the tests' own is sent to loopback. */
async function startProxy(refuse: number | null = null) {
  const seen: Seen[] = []
  const sockets: Socket[] = []
  const proxy = createServer((incoming, outgoing) => {
    seen.push({ method: incoming.method ?? '', target: incoming.url ?? '', headers: incoming.headers })
    const { port, pathname } = new URL(incoming.url ?? '')
    const { method, headers } = incoming
    const onward = send({ host: '127.0.0.1', port, path: pathname, method, headers }, (answered) => {
      outgoing.writeHead(answered.statusCode ?? 0, answered.headers)
      answered.pipe(outgoing)
    })
    incoming.pipe(onward)
  })
  proxy.on(
    'connect',
    ({ url = '', headers }: { url?: string; headers: IncomingHttpHeaders }, socket: Socket) => {
      seen.push({ method: 'CONNECT', target: url, headers })
      if (refuse !== null) return socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`)
      const onward = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      for (const either of [socket, onward]) {
        sockets.push(either)
        either.on('error', () => {}).on('close', () => [socket, onward].forEach((end) => end.destroy()))
      }
    },
  )
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  stops.push(async () => {
    for (const socket of sockets) socket.destroy()
    proxy.closeAllConnections()
    proxy.close()
    await once(proxy, 'close')
  })
  const { port } = proxy.address() as AddressInfo
  return { seen, url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}` }
}

async function startTls(onRequest: OnRequest): Promise<{ server: RawServer; cert: string }> {
  const { key, cert } = createSelfSigned()
  const server = await startRawServer(onRequest, createTlsServer({ key, cert }))
  stops.push(server.stop)
  return { server, cert }
}

function createWith(given: Partial<TransportOptions>) {
  const transport = createTransport({ guard: createEgressGuard({ allowHttp: true }), ...given })
  stops.push(transport.destroy)
  return transport
}

describe('with a proxy', () => {
  it('http requests carry their whole URL, and the proxy its authorisation', async () => {
    const server = await startRawServer((socket) => socket.write(answer('forwarded')))
    stops.push(server.stop)
    const proxy = await startProxy()
    const transport = createWith({ proxyUrl: proxy.url.replace('//', '//user:p%40ss@') })
    const url = `http://upstream.example:${server.port}/v1/chat?x=1`
    expect((await readAll(await transport.dispatch(post(url), options()))).text).toBe('forwarded')
    expect(proxy.seen).toMatchObject([
      {
        method: 'POST',
        target: url,
        headers: {
          host: `upstream.example:${server.port}`,
          'proxy-authorization': `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
        },
      },
    ])
  })

  it('https requests go through a tunnel that the proxy cannot see into', async () => {
    const { server, cert } = await startTls((socket) => socket.write(answer('tunnelled')))
    const proxy = await startProxy()
    const transport = createWith({ proxyUrl: proxy.url.replace('//', '//user:pass@'), caPem: cert })
    const url = `https://localhost:${server.port}/v1/chat`
    for (let count = 0; count < 2; count++) {
      expect((await readAll(await transport.dispatch(post(url), options()))).text).toBe('tunnelled')
    }
    expect(proxy.seen).toMatchObject([
      {
        method: 'CONNECT',
        target: `localhost:${server.port}`,
        headers: { 'proxy-authorization': `Basic ${Buffer.from('user:pass').toString('base64')}` },
      },
    ])
    expect(server.requests).toHaveLength(2)
    expect(server.requests.join('')).not.toContain('proxy-authorization')
    expect(server.sockets).toHaveLength(1)
  })

  it('an abort closes the tunnel', async () => {
    const { server, cert } = await startTls(() => {})
    const proxy = await startProxy()
    const transport = createWith({ proxyUrl: proxy.url, caPem: cert })
    const given = new AbortController()
    const url = `https://localhost:${server.port}/`
    const failed = failureOf(transport.dispatch(post(url), options({ signal: given.signal })))
    await until('the request has come', () => server.requests.length === 1)
    given.abort(new Error('left'))
    expect((await failed).message).toBe('left')
    await until('the tunnel is closed', () => server.sockets[0]?.destroyed === true)
  })

  it('an abort while the tunnel is being asked for closes the way to the proxy', async () => {
    const proxy = await startRawServer(() => {})
    stops.push(proxy.stop)
    const transport = createWith({ proxyUrl: proxy.url })
    const given = new AbortController()
    const failed = failureOf(
      transport.dispatch(post('https://upstream.example/'), options({ signal: given.signal })),
    )
    await until('the tunnel is asked for', () => proxy.requests.length === 1)
    given.abort(new Error('left'))
    expect((await failed).message).toBe('left')
    await until('the way is closed', () => proxy.sockets[0]?.destroyed === true)
  })

  it('a refused tunnel is a failure that cost nothing', async () => {
    const proxy = await startProxy(407)
    const transport = createWith({ proxyUrl: proxy.url })
    const error = await failureOf(transport.dispatch(post('https://upstream.example/'), options()))
    expect(error.message).toBe('The proxy refused the connection to the upstream: status 407.')
    expect(error).toMatchObject({ code: 'upstream_error', reason: 'network', costly: false })
  })

  it.each(['http', 'https'])(
    'a proxy that is not there is a failure that cost nothing (%s)',
    async (scheme) => {
      const closed = await startRawServer(() => {})
      await closed.stop()
      const transport = createWith({ proxyUrl: closed.url })
      const error = await failureOf(transport.dispatch(post(`${scheme}://upstream.example/`), options()))
      expect(error).toMatchObject({ code: 'upstream_error', reason: 'network', costly: false })
    },
  )

  it('a proxy that hangs up is a failure that cost nothing', async () => {
    const proxy = await startRawServer((socket) => socket.destroy())
    stops.push(proxy.stop)
    const transport = createWith({ proxyUrl: proxy.url })
    const error = await failureOf(transport.dispatch(post('https://upstream.example/'), options()))
    expect(error.message).toBe('The proxy could not be reached.')
    expect(error).toMatchObject({ reason: 'network', costly: false })
    expect(proxy.sockets).toHaveLength(1)
  })

  it('addresses and schemes are still judged', async () => {
    const proxy = await startProxy()
    const transport = createTransport({ guard: createEgressGuard(), proxyUrl: proxy.url })
    stops.push(transport.destroy)
    for (const url of [
      'https://127.1/',
      'https://[::1]/',
      'https://169.254.169.254/',
      'http://api.example.com/',
    ]) {
      await failureOf(transport.dispatch(post(url), options({ egress: 'guarded' })))
    }
    expect(proxy.seen).toEqual([])
  })

  it('the gateway asks for its own cloud identity directly', async () => {
    const server = await startRawServer((socket) => socket.write(answer('role')))
    stops.push(server.stop)
    const proxy = await startProxy()
    const transport = createWith({ proxyUrl: proxy.url })
    const exchange = await transport.dispatch(post(server.url), options({ egress: 'metadata' }))
    expect((await readAll(exchange)).text).toBe('role')
    expect(proxy.seen).toEqual([])
  })
})

it('a proxy URL that is none is refused without being shown', () => {
  const guard = createEgressGuard()
  expect(() => createTransport({ guard, proxyUrl: 'socks5://user:hunter2@host' })).toThrow(
    'upstream.proxy_url is no http or https URL',
  )
})
