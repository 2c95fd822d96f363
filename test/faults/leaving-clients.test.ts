import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { metric } from '../support/metrics.ts'
import { chatModel, createScene, dataOf, type Scene, userMessage } from '../support/scene.ts'
import { chatEvents, chunkBody, event, type Script, startSse, type Upstream } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

const clients = 300
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const patience = { timeoutMs: 60_000, everyMs: 50 }

/** How long a client stays: `at once` leaves without waiting for anything, a number after so many events. */
const leaving = fc.record({
  leaves: fc.oneof(fc.constant('at once' as const), fc.constant('seen' as const), fc.nat({ max: 20 })),
  upstream: fc.constantFrom('endless', 'silent'),
})
const staying = fc.record({
  leaves: fc.constant(null),
  upstream: fc.constantFrom('whole', 'whole', 'whole', 'resets before', 'resets within'),
})
type Plan = { readonly leaves: 'at once' | 'seen' | number | null; readonly upstream: string }

const words = chatEvents(...Array.from({ length: 20 }, (_, index) => `word${index} `))

/** Does what the request asks of it by its field `plan`. */
const obey: Script = async (response, request, socket) => {
  const plan = request.json()['plan']
  if (plan === 'resets before') return void socket.resetAndDestroy()
  if (plan === 'silent') return
  startSse(response)
  for (const [index, text] of words.entries()) {
    if (plan === 'resets within' && index === 5) return void socket.resetAndDestroy()
    if (response.destroyed) return
    response.write(plan === 'endless' && index > 20 ? event(chunkBody({ content: 'more ' })) : text)
    await turn()
  }
  if (plan !== 'endless') return void response.end()
  const more = setInterval(() => response.write(event(chunkBody({ content: 'more ' }))), 100)
  response.on('close', () => clearInterval(more))
}

let scene: Scene
const upstream = () => scene.upstreams['main'] as Upstream
beforeAll(async () => {
  scene = await createScene({
    upstreams: { main: obey },
    config: (urls) => ({
      cooldown: { failures: 1_000_000, min_requests: 1_000_000 },
      models: [chatModel('gpt', urls)],
    }),
  })
})
afterAll(() => scene.stop())

it('holds nothing for clients that left, and records each request once', { timeout: 240_000 }, async () => {
  process.stdout.write(`SEED=${seed}\n`)
  const plans = [...plansOf(leaving, seed), ...plansOf(staying, seed)]
  await wave('first', plans)
  const before = await metric(scene.gateway, 'process_resident_memory_bytes')
  await wave('second', plans)
  await wave('third', plans)
  const after = await metric(scene.gateway, 'process_resident_memory_bytes')
  expect(before).toBeGreaterThan(0)
  expect(after - before).toBeLessThan(128 * 1024 * 1024)

  const counted = await metric(scene.gateway, 'modelgate_requests_total', { operation: 'chat' })
  const records = await until(
    'the log has caught up with the metrics',
    () => recordsOf(scene).length >= counted && recordsOf(scene),
    patience,
  )
  expect(records).toHaveLength(counted)
  expect(new Set(records.map((record) => record['request_id'])).size).toBe(counted)
  const aborted = records.filter((record) => record['outcome'] === 'aborted')
  expect(aborted.length).toBeGreaterThan(clients / 2)
  expect(await metric(scene.gateway, 'modelgate_client_aborts_total')).toBe(aborted.length)
  const text = scene.gateway.output()
  for (const fault of ['unhandled rejection', 'uncaught exception', 'failed within the gateway']) {
    expect(text).not.toContain(fault)
  }
  expect((await fetch(`${scene.gateway.url}/healthz`)).status).toBe(200)
})

function plansOf(plan: fc.Arbitrary<Plan>, from: number): Plan[] {
  return fc.sample(plan, { seed: from, numRuns: clients / 2 })
}

/** All clients at the same time; afterwards nothing of them may be left, and each has one record. */
async function wave(name: string, plans: readonly Plan[]): Promise<void> {
  upstream().requests.length = 0
  const ids = plans.map((_, index) => `${name}-${index}`)
  await Promise.all(plans.map((plan, index) => visit(plan, ids[index] ?? '')))
  await until('no request is in flight', async () => (await inflight()) === 0, patience)
  await until('no upstream is at work', () => upstream().busy === 0, patience)
  const arrived = new Set(upstream().requests.map((request) => request.json()['plan_id']))
  const outcomes = await until(
    'every request that arrived is recorded',
    () => {
      const found = outcomesOf(name)
      return [...arrived].every((id) => found.has(String(id))) && found
    },
    patience,
  )
  const wrong = plans.flatMap((plan, index) => {
    const id = ids[index] ?? ''
    const found = outcomes.get(id) ?? []
    // Who left at once may have been gone before the gateway read the request.
    if (found.length === 0 && plan.leaves === 'at once' && !arrived.has(id)) return []
    return found.length === 1 && found[0] === outcomeOf(plan) ? [] : [{ id, plan, found }]
  })
  expect(wrong).toEqual([])
}

/** What the record of such a client's request must say. */
function outcomeOf({ leaves, upstream: does }: Plan): string {
  if (leaves !== null) return 'aborted'
  return { whole: 'success', 'resets within': 'stream_error', 'resets before': 'error' }[does] ?? ''
}

const recordsOf = ({ gateway }: Scene) => gateway.log().filter((line) => line['msg'] === 'request')
const inflight = () => metric(scene.gateway, 'modelgate_inflight_requests')

function outcomesOf(name: string): Map<string, unknown[]> {
  const outcomes = new Map<string, unknown[]>()
  for (const record of recordsOf(scene)) {
    const id = String(record['request_id'])
    if (id.startsWith(`${name}-`)) outcomes.set(id, [...(outcomes.get(id) ?? []), record['outcome']])
  }
  return outcomes
}

/** One client from its request to its leaving, or to the answer's end. */
async function visit({ leaves, upstream: does }: Plan, id: string): Promise<void> {
  const left = new AbortController()
  const asked = scene.request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'x-request-id': id },
    body: JSON.stringify({ model: 'gpt', stream: true, messages: [userMessage], plan: does, plan_id: id }),
    signal: left.signal,
  })
  if (leaves === null) return stay(await asked, does)
  const read = asked.then(async (response) => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes as Uint8Array, { stream: true })
      if (typeof leaves === 'number' && dataOf(text).length > leaves) return
    }
    throw new Error(`${id}: an endless answer has ended`)
  })
  read.catch(() => {})
  if (leaves === 'at once') await turn()
  else if (leaves === 'seen' || does === 'silent') {
    await until(
      `${id} is seen`,
      () => upstream().requests.some((seen) => seen.body.includes(`"${id}"`)),
      patience,
    )
  } else await read
  left.abort()
}

async function stay(response: Response, does: string): Promise<void> {
  const text = await response.text()
  const last = dataOf(text).at(-1) ?? text
  const shown = last === '[DONE]' ? last : (JSON.parse(last) as { error: { code: string } }).error.code
  expect([does, response.status, shown]).toEqual([
    does,
    does === 'resets before' ? 502 : 200,
    does === 'whole' ? '[DONE]' : 'upstream_error',
  ])
}
