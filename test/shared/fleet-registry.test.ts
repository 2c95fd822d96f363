import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFleet, type Fleet, median, openaiKey } from '../support/fleet.ts'
import type { Gateway } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { chatAnswer, failure, type Script, type Upstream } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

const rounds = 20
const withinMs = 100
const limit = { timeout: 60_000 }

let redis: RedisServer
let fleet: Fleet
beforeAll(async () => {
  redis = await startRedis()
  fleet = await createFleet({ replicas: 3, redis: { url: redis.url } })
})
afterAll(async () => {
  await fleet?.stop()
  await redis?.stop()
})

const upstream = () => fleet.upstreams['main'] as Upstream
const at = (index: number) => fleet.replicas[index % 3] as Gateway

/** What the control plane answers, which is to have gone well. */
async function change(replica: Gateway, method: string, path: string, body?: unknown) {
  const answer = await fleet.admin(replica, method, path, body)
  if (answer.status >= 300)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return (answer.body ?? {}) as { id: string; key: string }
}

function makeCredential(name: string, key: string) {
  return change(at(0), 'POST', '/llm_credentials', { name, ...openaiKey(key, upstream().url) })
}

function makeModel(replica: Gateway, name: string, credential: string) {
  return change(replica, 'POST', '/config/llm', {
    name,
    provider: 'openai',
    llm_credentials_id: credential,
    model_name: 'upstream-model',
  })
}

async function ask(replica: Gateway, model: string, token?: string) {
  const response = await fleet.chat(replica, { model }, token)
  const body = (await response.json()) as { error?: { code: string } }
  return { status: response.status, code: body.error?.code ?? null }
}

/** How long after the change was answered all replicas answer so, ms. */
async function untilAll(question: (replica: Gateway) => Promise<boolean>): Promise<number> {
  const from = performance.now()
  await Promise.all(
    fleet.replicas.map((replica) => until('all have heard of it', () => question(replica), { everyMs: 1 })),
  )
  return performance.now() - from
}

function tell(what: string, delays: readonly number[]): void {
  const worst = Math.max(...delays).toFixed(1)
  console.log(`${what}, ${delays.length} rounds: median ${median(delays).toFixed(1)} ms, worst ${worst} ms`)
}

it('a model that one replica makes or deletes is there or gone in all', limit, async () => {
  const { id } = await makeCredential('for-models', 'sk-planted-models')
  const made: number[] = []
  const gone: number[] = []
  for (let round = 0; round < rounds; round++) {
    const model = await makeModel(at(round), `model-${round}`, id)
    made.push(await untilAll(async (replica) => (await ask(replica, `model-${round}`)).status === 200))
    await change(at(round + 1), 'DELETE', `/config/llm/${model.id}`)
    gone.push(
      await untilAll(async (replica) => (await ask(replica, `model-${round}`)).code === 'model_not_found'),
    )
    // Whoever was asked knows at once, and nobody goes back.
    for (const replica of fleet.replicas) expect((await ask(replica, `model-${round}`)).status).toBe(404)
  }
  tell('from the answer to a new model until all serve it', made)
  tell('from the answer to a deletion until all say model_not_found', gone)
  expect(median(made)).toBeLessThan(withinMs)
  expect(median(gone)).toBeLessThan(withinMs)
})

it('a key that one replica issues or revokes is accepted or refused by all', limit, async () => {
  const { id } = await makeCredential('for-keys', 'sk-planted-keys')
  await makeModel(at(0), 'keyed', id)
  const gone: number[] = []
  for (let round = 0; round < rounds; round++) {
    const { id: key, key: token } = await change(at(round), 'POST', '/keys', {
      name: `application-${round}`,
      team: 'research',
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    })
    await untilAll(async (replica) => (await ask(replica, 'keyed', token)).status === 200)
    await change(at(round + 1), 'DELETE', `/keys/${key}`)
    gone.push(
      await untilAll(async (replica) => (await ask(replica, 'keyed', token)).code === 'invalid_api_key'),
    )
    for (const replica of fleet.replicas) expect((await ask(replica, 'keyed', token)).status).toBe(401)
  }
  tell('from the answer to a revocation until all refuse the key', gone)
  expect(median(gone)).toBeLessThan(withinMs)
})

it('a credential is rotated under traffic, and no request fails', limit, async () => {
  const keys = Array.from({ length: rounds + 1 }, (_, round) => `sk-planted-rotated-${round}`)
  const bearer = (key: string | undefined) => `Bearer ${key}`
  const { id } = await makeCredential('rotated', keys[0] ?? '')
  await makeModel(at(0), 'rotated', id)
  await untilAll(async (replica) => (await ask(replica, 'rotated')).status === 200)
  const accepted = new Set([bearer(keys[0])])
  const onlyAccepted: Script = async (...answer) => {
    const [, { headers }] = answer
    if (!accepted.has(headers.authorization ?? '')) return failure(401, 'revoked')(...answer)
    await sleep(30 * Math.random())
    return chatAnswer('well')(...answer)
  }
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  upstream().script = async (...answer) => {
    await released
    return chatAnswer('slow')(...answer)
  }
  // These three begin before the first rotation, and end after the last.
  const slow = fleet.replicas.map((replica) => fleet.chat(replica, { model: 'rotated', stream: true }))
  await until('they are under way', () => upstream().busy === 3)
  upstream().script = onlyAccepted

  const statuses: number[] = []
  let isOver = false
  const worker = async (index: number) => {
    while (!isOver) statuses.push((await ask(at(index), 'rotated')).status)
  }
  const traffic = Promise.all(Array.from({ length: 12 }, (_, index) => worker(index)))
  const delays: number[] = []
  try {
    for (let round = 1; round <= rounds; round++) {
      const old = bearer(keys[round - 1])
      // The provider takes both keys for a while, as whoever rotates one without an outage has it.
      accepted.add(bearer(keys[round]))
      await change(at(round), 'PATCH', `/llm_credentials/${id}`, { api_key: keys[round] })
      const from = performance.now()
      await sleep(150)
      const uses = upstream().requests.filter(({ headers }) => headers.authorization === old)
      delays.push(Math.max(0, (uses.at(-1)?.receivedAt ?? from) - from))
      accepted.delete(old)
    }
  } finally {
    isOver = true
    await traffic
    release()
  }
  const answers = await Promise.all(slow)
  for (const answer of answers) {
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('data: [DONE]')
  }
  const failed = statuses.filter((status) => status !== 200)
  tell(
    `${statuses.length} requests, ${failed.length} failed; from the answer to a rotation to the old key's last use`,
    delays,
  )
  expect(statuses.length).toBeGreaterThan(500)
  expect(failed).toEqual([])
  expect(median(delays)).toBeLessThan(withinMs)
})
