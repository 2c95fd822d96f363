import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { metric } from '../support/metrics.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { chatModel } from '../support/scene.ts'
import { until } from '../support/wait.ts'
import { chatAlone, type Crew, createCrew, workerPids } from '../support/workers.ts'

let redis: RedisServer
let crew: Crew
beforeAll(async () => {
  redis = await startRedis()
  crew = await createCrew({
    workers: 3,
    redis: { url: redis.url },
    config: (urls) => ({ models: [chatModel('gpt', urls)] }),
  })
}, 60_000)
afterAll(async () => {
  await crew.fleet.stop()
  await redis.stop()
})

const served = () => metric(crew.gateway, 'modelgate_requests_total')

it('serves by all workers on one port, and one page counts the requests of all', async () => {
  const { gateway, fleet } = crew
  expect(new Set(workerPids(gateway)).size).toBe(3)
  const before = await served()
  const answers = await Promise.all(Array.from({ length: 90 }, () => chatAlone(gateway, fleet.token)))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  // Whoever is asked, all answer the same.
  const counted = await Promise.all(Array.from({ length: 9 }, served))
  expect(counted).toEqual(counted.map(() => before + 90))
  expect(await metric(gateway, 'modelgate_request_duration_seconds_count')).toBe(before + 90)
  expect(await metric(gateway, 'modelgate_workers')).toBe(3)
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  expect(text.match(/^# TYPE modelgate_requests_total /gm)).toHaveLength(1)
  expect(text.match(/^process_start_time_seconds /gm)).toHaveLength(1)
})

it('has one listener each for the control plane and the pages, where they have ports of their own', async () => {
  const [adminPort, telemetryPort] = [await freePort(), await freePort()]
  const config = { admin: { port: adminPort }, telemetry: { port: telemetryPort } }
  const gateway = await crew.fleet.launch('ports', { config })
  const admin = { url: `http://127.0.0.1:${adminPort}` }
  const pages = { url: `http://127.0.0.1:${telemetryPort}` }
  await until('it is ready', async () => (await fetch(`${pages.url}/readyz`)).status === 200)
  const statuses = await Promise.all(
    Array.from({ length: 12 }, async () => (await chatAlone(gateway, crew.fleet.token)).status),
  )
  expect(statuses).toEqual(statuses.map(() => 200))
  expect(await metric(pages, 'modelgate_requests_total')).toBe(12)
  expect((await crew.fleet.admin(admin, 'GET', '/config/llm')).status).toBe(200)
  expect((await fetch(`${gateway.url}/metrics`)).status).toBe(404)
  await gateway.stop()
})

it('has more than one worker at work, whoever is quicker', async () => {
  const { gateway, fleet } = crew
  const held: (() => void)[] = []
  const upstream = fleet.upstreams['main']
  if (upstream === undefined) throw new Error('no upstream')
  const script = upstream.script
  upstream.script = async (response, request, socket) => {
    await new Promise<void>((resolve) => held.push(resolve))
    await script(response, request, socket)
  }
  const running: ReturnType<typeof chatAlone>[] = []
  for (let count = 1; count <= 30; count++) {
    running.push(chatAlone(gateway, fleet.token))
    await until('it is under way', () => held.length === count)
  }
  // Upstream connections are each worker's own: a worker with n requests in flight holds n.
  const inodes = workerPids(gateway).map((pid) => socketsTo(pid, new URL(upstream.url).port))
  for (const resolve of held) resolve()
  upstream.script = script
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual(running.map(() => 200))
  expect(inodes.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(30)
  expect(inodes.filter((count) => count > 0).length).toBeGreaterThan(1)
})

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** How many sockets a process has to a port of this machine. */
function socketsTo(pid: number, port: string): number {
  const wanted = Number(port).toString(16).toUpperCase().padStart(4, '0')
  const lines = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1)
  const inodes = new Set(
    lines
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[2]?.endsWith(`:${wanted}`) === true && fields[3] === '01')
      .map((fields) => `socket:[${fields[9]}]`),
  )
  return readdirSync(`/proc/${pid}/fd`).filter((name) => inodes.has(linkOf(`/proc/${pid}/fd/${name}`))).length
}
