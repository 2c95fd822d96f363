import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { chatModel, dataOf } from '../support/scene.ts'
import { chatAnswer, chatEvents, startSse, type Upstream } from '../support/upstream.ts'
import { until } from '../support/wait.ts'
import {
  type Answered,
  askAlone,
  chatAlone,
  countAlone,
  type Crew,
  createCrew,
  expectGone,
  isThere,
  workerPids,
} from '../support/workers.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

let crew: Crew
let lives = 0
beforeEach(async () => {
  crew = await createCrew({
    redis: { url: redis.url, key_prefix: `lives-${lives++}` },
    config: (urls) => ({
      models: [chatModel('gpt', urls)],
      drain: { grace_seconds: 1, timeout_seconds: 10 },
    }),
  })
})
afterEach(() => crew.fleet.stop())

const chat = ({ gateway, fleet }: Crew, body = {}) => chatAlone(gateway, fleet.token, body)
const served = ({ gateway }: Crew) => countAlone(gateway, 'modelgate_requests_total')
const upstreamOf = ({ fleet }: Crew) => fleet.upstreams['main'] as Upstream

/** Streams that have begun and wait; `finish` lets them end. */
async function beginStreams(count: number) {
  const upstream = upstreamOf(crew)
  const events = chatEvents('before ', 'after')
  const ends: (() => void)[] = []
  upstream.script = (response) => {
    startSse(response)
    response.write(events.slice(0, 2).join(''))
    ends.push(() => void response.end(events.slice(2).join('')))
  }
  const answers = Promise.allSettled(Array.from({ length: count }, () => chat(crew, { stream: true })))
  await until('all streams have begun', () => ends.length === count)
  upstream.script = chatAnswer('hello')
  return { answers, finish: () => ends.forEach((end) => end()) }
}

function expectWhole(answers: readonly PromiseSettledResult<Answered>[]): void {
  for (const answer of answers) {
    const { status, body } = answer.status === 'fulfilled' ? answer.value : { status: 0, body: '' }
    expect({ status, end: dataOf(body).at(-1) }).toEqual({ status: 200, end: '[DONE]' })
  }
}

it('ends on a SIGTERM that comes while its workers are being started', async () => {
  const gateway = await startGateway({
    config: {
      workers: 2,
      state: { redis: { url: redis.url, key_prefix: `early-${lives}` } },
      drain: { grace_seconds: 0, timeout_seconds: 5 },
    },
    env: { MODELGATE_MASTER_KEY: Buffer.alloc(32, 9).toString('base64') },
    wait: false,
  })
  const children = async () =>
    (await readFile(`/proc/${gateway.pid}/task/${gateway.pid}/children`, 'utf8')).trim().split(' ')
  try {
    await until('both are there', async () => (await children()).length === 2)
    gateway.signal('SIGTERM')
    const code = await Promise.race([gateway.exited, sleep(20_000, 'it still runs', { ref: false })])
    expect(code).toBe(0)
  } finally {
    await gateway.stop()
  }
})

it('survives a worker that is killed: a new one comes, nobody else notices, counters do not go back', async () => {
  const { gateway } = crew
  const [victim] = workerPids(gateway)
  await Promise.all(Array.from({ length: 40 }, () => chat(crew)))
  const before = await served(crew)
  expect(before).toBe(40)
  const begun = await beginStreams(8)
  process.kill(victim as number, 'SIGKILL')
  await until('it is gone', () => !isThere(victim as number))
  const statuses: number[] = []
  const counts: number[] = []
  for (let round = 0; round < 20; round++) {
    statuses.push((await chat(crew)).status)
    counts.push(await served(crew))
  }
  expect(statuses).toEqual(statuses.map(() => 200))
  expect(counts).toEqual(counts.toSorted((one, other) => one - other))
  expect(counts[0]).toBeGreaterThan(before)
  await until('a new one serves', () => workerPids(gateway).length === 3)
  expect((await askAlone(`${gateway.url}/readyz`)).status).toBe(200)
  const settled = await served(crew)
  await Promise.all(Array.from({ length: 20 }, () => chat(crew)))
  expect(await served(crew)).toBe(settled + 20)
  expect(await countAlone(gateway, 'modelgate_worker_exits_total')).toBe(1)
  // Upstream those of the killed one have ended, and only those.
  const others = upstreamOf(crew).busy
  begun.finish()
  const ended = await begun.answers
  expectWhole(ended.filter(({ status }) => status === 'fulfilled'))
  expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(others)
})

it('drains all workers as one on SIGTERM', async () => {
  const { gateway } = crew
  const pids = workerPids(gateway)
  const begun = await beginStreams(8)
  gateway.signal('SIGTERM')
  await until('readiness is off', async () => (await askAlone(`${gateway.url}/readyz`)).status === 503)
  await until('new requests are refused', async () => (await chat(crew)).status === 503)
  expect(pids.every(isThere)).toBe(true)
  begun.finish()
  expectWhole(await begun.answers)
  expect(await gateway.exited).toBe(0)
  expect(pids.some(isThere)).toBe(false)
  const log = gateway.log().map((line) => line['msg'])
  expect(log.filter((message) => message === 'stopped')).toHaveLength(2)
})

it('ends at the second SIGTERM, with all workers', async () => {
  const { gateway } = crew
  const begun = await beginStreams(2)
  gateway.signal('SIGTERM')
  await until('it drains', () => gateway.log().filter((line) => line['msg'] === 'draining').length === 2)
  gateway.signal('SIGTERM')
  expect(await gateway.exited).toBe(1)
  await expectGone(workerPids(gateway), 2_000)
  expect((await begun.answers).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

it('leaves no process behind when the first is killed, and lets streams end', async () => {
  const { gateway } = crew
  const pids = workerPids(gateway)
  const begun = await beginStreams(4)
  gateway.signal('SIGKILL')
  await gateway.exited
  // Whoever comes next can have the port, while streams still run.
  const { port } = new URL(gateway.url)
  await until('the port is free', () => canListen(Number(port)))
  expect(pids.every(isThere)).toBe(true)
  begun.finish()
  expectWhole(await begun.answers)
  await expectGone(pids)
})

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().on('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

it('takes a changed configuration to every worker on SIGHUP', async () => {
  const { gateway } = crew
  const config = parse(await readFile(gateway.configFile, 'utf8')) as { models: Record<string, unknown>[] }
  config.models.push(chatModel('second', { main: upstreamOf(crew).url }))
  await writeFile(gateway.configFile, stringify(config))
  gateway.signal('SIGHUP')
  const taken = () => gateway.log().filter((line) => line['msg'] === 'the configuration was taken up').length
  await until('both have it', () => taken() >= 2)
  const answers = await Promise.all(Array.from({ length: 10 }, () => chat(crew, { model: 'second' })))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
})

it('keeps one sealed copy of the registry for all, whole whoever reads it', async () => {
  const { gateway, fleet } = crew
  for (let round = 0; round < 5; round++)
    expect((await fleet.admin(gateway, 'POST', '/teams', { name: `team-${round}` })).status).toBe(201)
  const config = parse(await readFile(gateway.configFile, 'utf8')) as { state: { data_dir: string } }
  gateway.signal('SIGTERM')
  expect(await gateway.exited).toBe(0)
  expect(await readdir(config.state.data_dir)).toEqual(['registry.snapshot'])
  await redis.kill()
  const restarted = await fleet.launch('replica-0')
  // Lines are written in the background.
  const fromFile = () => restarted.log().filter((line) => line['source'] === 'file')
  await until('both began with the copy', () => fromFile().length === 2)
  await redis.start()
  const useless = restarted
    .log()
    .filter((line) => line['msg'] === 'the snapshot of the registry is of no use')
  expect(useless).toEqual([])
})

async function startAlone(
  config: Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<Gateway> {
  return startGateway({ config, env, wait: false })
}

it('stays one process where the state is embedded, and says why', async () => {
  const gateway = await startAlone({}, { MODELGATE_WORKERS: '2' })
  const line = await until('it says so', () => gateway.log().find((one) => 'because' in one))
  expect(line).toMatchObject({ level: 'info', because: expect.stringContaining('the state is embedded') })
  expect(gateway.log().find((one) => one['msg'] === 'listening')).toMatchObject({ url: expect.any(String) })
  expect(workerPids(gateway)).toEqual([])
  await gateway.stop()
})

it('ends with 1 and one sentence where no worker can start', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await until('the port is taken', () => taken.listening)
  const { port } = taken.address() as { port: number }
  const gateway = await startAlone(
    { listen: { port }, state: { redis: { url: redis.url } } },
    { ...crew.fleet.env, MODELGATE_WORKERS: '2' },
  )
  expect(await gateway.exited).toBe(1)
  expect(gateway.output().match(/^modelgate cannot start: .*EADDRINUSE/gm)).toHaveLength(1)
  taken.close()
  await gateway.stop()
})
