import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { chatModel, dataOf, userMessage } from '../support/scene.ts'
import { audience, createIssuer } from '../support/tokens.ts'
import { chatEvents, startSse, type Upstream, startUpstream } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

const words = Array.from({ length: 20 }, (_, index) => `word-${index} `)
const streamMs = 1_000
const clients = 12

/** One place behind the balancer; `gateway` is null while it is being replaced. */
interface Replica {
  readonly port: number
  gateway: Gateway | null
  /** As the balancer last saw `/readyz`. */
  ready: boolean
}

interface Stream {
  readonly outcome: 'whole' | 'broken'
  readonly detail: string
}

let dir: string
let upstream: Upstream
let token: string
let replicas: Replica[]
let start: (port: number) => Promise<Gateway>

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelgate-rolling-'))
  const issuer = await createIssuer()
  await issuer.writeJwks(join(dir, 'jwks.json'))
  token = await issuer.token()
  upstream = await startUpstream(async (response) => {
    startSse(response)
    for (const event of chatEvents(...words)) {
      response.write(event)
      await sleep(streamMs / words.length)
    }
    response.end()
  })
  const config = {
    models: [chatModel('gpt', { main: upstream.url })],
    auth: { issuers: [{ issuer: issuer.issuer, audience, jwks_file: join(dir, 'jwks.json') }] },
    health: { enabled: false },
    drain: { grace_seconds: 1, timeout_seconds: 20 },
  }
  start = (port) => startGateway({ config: { ...config, listen: { port } } })
  replicas = []
  for (const port of [await freePort(), await freePort()]) {
    replicas.push({ port, gateway: await start(port), ready: true })
  }
})

afterAll(async () => {
  for (const { gateway } of replicas) await gateway?.stop()
  await upstream.stop()
  await rm(dir, { recursive: true, force: true })
})

it('restarts one replica after the other under streaming load, and no stream is broken', async () => {
  const streams: Stream[] = []
  const stop = new AbortController()
  const agent = new Agent({ connections: clients, pipelining: 1 })
  const polling = Promise.all(replicas.map((replica) => poll(replica, agent, stop.signal)))
  const load = Promise.all(
    Array.from({ length: clients }, (_, index) => runClient({ index, agent, streams, signal: stop.signal })),
  )
  try {
    for (const replica of replicas) {
      const before = streams.length
      await until('streams flow', () => streams.length >= before + clients, { timeoutMs: 15_000 })
      const { gateway } = replica
      gateway?.signal('SIGTERM')
      expect(await gateway?.exited).toBe(0)
      replica.gateway = null
      const during = streams.length
      await until('the other replica carries on', () => streams.length >= during + clients, {
        timeoutMs: 15_000,
      })
      await gateway?.stop()
      replica.gateway = await start(replica.port)
      await until('the balancer sees it', () => replica.ready, { timeoutMs: 15_000 })
    }
    const last = streams.length
    await until('both serve', () => streams.length >= last + 2 * clients, { timeoutMs: 15_000 })
  } finally {
    stop.abort()
    await Promise.all([load, polling])
    await agent.destroy()
  }
  const broken = streams.filter(({ outcome }) => outcome === 'broken')
  console.log(`${streams.length} streams, ${broken.length} broken`)
  expect(broken).toEqual([])
  expect(streams.length).toBeGreaterThan(6 * clients)
  for (const { gateway } of replicas) {
    const served = gateway?.log().filter((line) => line['status'] === 200) ?? []
    expect(served.length).toBeGreaterThan(0)
  }
}, 120_000)

/** As a load balancer polls its backends. */
async function poll(replica: Replica, agent: Agent, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    replica.ready = await request(`http://127.0.0.1:${replica.port}/readyz`, {
      dispatcher: agent,
      signal: AbortSignal.timeout(500),
    }).then(
      async ({ statusCode, body }) => {
        await body.dump()
        return statusCode === 200
      },
      () => false,
    )
    await sleep(100)
  }
}

interface ClientOptions {
  readonly index: number
  readonly agent: Agent
  readonly streams: Stream[]
  readonly signal: AbortSignal
}

/** One stream after the other, from the next replica that the balancer holds for ready. */
async function runClient({ index, agent, streams, signal }: ClientOptions): Promise<void> {
  for (let turn = index; !signal.aborted; turn++) {
    const ready = replicas.filter((replica) => replica.ready)
    const first = ready[turn % Math.max(ready.length, 1)]
    const order = [first, ...replicas].filter((replica) => replica !== undefined)
    streams.push(await streamFrom(order, agent))
  }
}

/** What was refused before it began (503, or nobody listens) goes to the other replica, as a balancer does. */
async function streamFrom(order: readonly Replica[], agent: Agent): Promise<Stream> {
  const refusals: string[] = []
  for (const { port } of order) {
    const answer = await request(`http://127.0.0.1:${port}/v1/chat/completions`, {
      dispatcher: agent,
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt', stream: true, messages: [userMessage] }),
    }).catch((error: NodeJS.ErrnoException) => error)
    if (answer instanceof Error) {
      // Only what surely never reached a replica may be sent again: a POST is not to be doubled.
      if (answer.code !== 'ECONNREFUSED') return { outcome: 'broken', detail: `${port}: ${answer.message}` }
      refusals.push(answer.code)
      continue
    }
    const text = await answer.body.text().catch((error: unknown) => `cut off: ${String(error)}`)
    if (answer.statusCode !== 503) return judge(answer.statusCode, text)
    expect(answer.headers['connection']).toBe('close')
    refusals.push('503')
  }
  return { outcome: 'broken', detail: `nobody took it: ${refusals.join(', ')}` }
}

function judge(status: number, text: string): Stream {
  const data = dataOf(text)
  const isWhole = status === 200 && data.at(-1) === '[DONE]' && words.every((word) => text.includes(word))
  return isWhole
    ? { outcome: 'whole', detail: '' }
    : { outcome: 'broken', detail: `${status}: ${text.slice(-300)}` }
}
