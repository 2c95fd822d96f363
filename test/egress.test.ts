import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chatModel, createScene, type Scene, userMessage } from './support/scene.ts'
import { chatAnswer, type Script, startSse, type Upstream } from './support/upstream.ts'

/** A listener that counts who comes, on loopback of both kinds where the machine has them. */
interface Listener {
  readonly port: number
  readonly visits: () => number
  stop(): Promise<void>
}

async function startListener(): Promise<Listener> {
  let visits = 0
  const servers: Server[] = []
  const listen = (host: string, port: number) =>
    new Promise<number>((resolve, reject) => {
      const server = createServer((socket) => {
        visits++
        socket.on('error', () => {})
        socket.destroy()
      })
      server.once('error', reject)
      server.listen(port, host, () => {
        servers.push(server)
        resolve((server.address() as AddressInfo).port)
      })
    })
  const port = await listen('127.0.0.1', 0)
  // A machine without IPv6 has nothing to protect there.
  await listen('::1', port).catch(() => {})
  return {
    port,
    visits: () => visits,
    stop: async () => {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

/** A preset that takes images as bytes only, so that the gateway has to fetch what a request names by URL. */
function bytesOnly(name: string, url: string): Record<string, unknown> {
  const credentials = { creds_type: 'API_KEY', provider: 'ollama', base_url: url }
  return { name, connections: [{ name: 'main', model_name: 'vision', credentials }] }
}

const withImage = (url: string) => ({
  messages: [{ ...userMessage, content: [{ type: 'image_url', image_url: { url } }] }],
})

describe('an image URL of a request', () => {
  let scene: Scene
  let listener: Listener
  const upstream = () => scene.upstreams['main'] as Upstream

  beforeAll(async () => {
    listener = await startListener()
    scene = await createScene({ config: ({ main = '' }) => ({ models: [bytesOnly('gpt', main)] }) })
  })
  afterAll(async () => {
    await scene.stop()
    await listener.stop()
  })

  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '１２７.0.0.1',
    '0',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    'localhost',
    'LOCALHOST.',
    'user:secret@127.0.0.1',
    '169.254.169.254',
    '0xa9fea9fe',
    '[::ffff:169.254.169.254]',
    '[fd00:ec2::254]',
    '10.0.0.1',
    '192.168.0.1',
    '[fe80::1]',
  ])('does not lead within: %s', async (host) => {
    for (const stream of [false, true]) {
      const response = await scene.chat({ stream, ...withImage(`https://${host}:${listener.port}/x.png`) })
      expect(response.status).toBe(400)
      const { error } = (await response.json()) as { error: { code: string; message: string } }
      expect(error.code).toBe('invalid_request')
      expect(error.message).not.toContain(host)
    }
    expect(listener.visits()).toBe(0)
    expect(upstream().requests).toHaveLength(0)
  })

  it.each(['http', 'ftp', 'file', 'HTTP'])('is https or nothing: %s', async (scheme) => {
    const response = await scene.chat(withImage(`${scheme}://127.0.0.1:${listener.port}/x.png`))
    expect(response.status).toBe(400)
    await response.text()
    expect([listener.visits(), upstream().requests.length]).toEqual([0, 0])
  })

  it('does not count against the connection, which is on loopback by the configuration file', async () => {
    expect((await scene.chat()).status).toBe(200)
    expect(upstream().requests).toHaveLength(1)
  })
})

it('`upstream.allow_networks` opens what it lists, and no more', async () => {
  const listener = await startListener()
  const scene = await createScene({
    config: ({ main = '' }) => ({
      upstream: { allow_networks: ['127.0.0.1/32'] },
      models: [bytesOnly('gpt', main)],
    }),
  })
  try {
    for (const [host, visits] of [
      ['[::1]', 0],
      ['127.0.0.2', 0],
      ['2130706433', 1],
    ] as const) {
      const response = await scene.chat(withImage(`https://${host}:${listener.port}/x.png`))
      // The listener speaks no TLS: that it was visited is what counts.
      expect([host, response.status, listener.visits()]).toEqual([host, 400, visits])
      await response.text()
    }
  } finally {
    await scene.stop()
    await listener.stop()
  }
})

describe('a redirect of an upstream', () => {
  let scene: Scene
  const upstream = (name: 'main' | 'other') => scene.upstreams[name] as Upstream

  beforeAll(async () => {
    scene = await createScene({
      upstreams: { main: undefined, other: chatAnswer('stolen') },
      config: ({ main = '' }) => ({
        cooldown: { failures: 1000, min_requests: 1000 },
        models: [chatModel('gpt', { main })],
      }),
    })
  })
  afterAll(() => scene.stop())

  const redirect =
    (status: number): Script =>
    (response, request) => {
      const location = new URL(request.path, upstream('other').url).href
      response.writeHead(status, { location, 'content-type': 'text/plain' })
      response.end('moved')
    }

  it.each([300, 301, 302, 303, 307, 308])('is not followed: %i', async (status) => {
    upstream('main').script = redirect(status)
    for (const stream of [false, true]) {
      const response = await scene.chat({ stream })
      expect(response.status).toBe(502)
      expect(response.headers.get('location')).toBeNull()
      const text = await response.text()
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'upstream_error' } })
      expect(text).not.toContain(new URL(upstream('other').url).host)
    }
    expect(upstream('other').requests).toHaveLength(0)
  })

  it('named by other headers of a whole answer is not followed either', async () => {
    const elsewhere = upstream('other').url
    upstream('main').script = (response, request, socket) => {
      response.setHeader('refresh', `0; url=${elsewhere}`)
      response.setHeader('content-location', elsewhere)
      if (request.json()['stream'] !== true) return chatAnswer('mine')(response, request, socket)
      startSse(response, { location: elsewhere })
      return void response.end('data: [DONE]\n\n')
    }
    const response = await scene.chat()
    expect([response.status, response.headers.get('refresh')]).toEqual([200, null])
    expect(await response.text()).toContain('mine')
    expect((await scene.chat({ stream: true })).headers.get('location')).toBeNull()
    expect(upstream('other').requests).toHaveLength(0)
  })
})
