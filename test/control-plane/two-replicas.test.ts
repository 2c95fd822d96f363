import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFleet, type Fleet, median, openaiKey } from '../support/fleet.ts'
import type { Gateway } from '../support/gateway.ts'
import { metric } from '../support/metrics.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import type { Upstream } from '../support/upstream.ts'
import { until } from '../support/wait.ts'

const rounds = 10
/** Of the middle one; a busy machine may hold up a single one. */
const withinMs = 500
const limit = { timeout: 60_000 }

let redis: RedisServer
let fleet: Fleet
let one: Gateway
let other: Gateway

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')

beforeAll(async () => {
  redis = await startRedis()
  fleet = await createFleet({ replicas: 0, redis: { url: redis.url } })
  // As while a master key is being rotated: each seals under another, and both know both.
  const launch = (name: string, order: string) => fleet.launch(name, { env: { MODELGATE_MASTER_KEY: order } })
  one = await launch('one', `old:${key(1)},new:${key(2)}`)
  other = await launch('other', `new:${key(2)},old:${key(1)}`)
  for (const replica of [one, other]) {
    await until('Redis is found', async () => (await metric(replica, 'modelgate_redis_up')) === 1)
  }
}, 300_000)
afterAll(async () => {
  await fleet?.stop()
  await redis?.stop()
})

const upstream = () => fleet.upstreams['main'] as Upstream

interface Made {
  readonly id: string
  readonly version: number
  readonly [field: string]: unknown
}

/** What the control plane answers, which is to have gone well. */
async function change(replica: Gateway, method: string, path: string, body?: unknown): Promise<Made> {
  const answer = await fleet.admin(replica, method, path, body)
  if (answer.status >= 300)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return (answer.body ?? {}) as unknown as Made
}

const makeCredential = (replica: Gateway, name: string, secret = `sk-planted-${name}`) =>
  change(replica, 'POST', '/llm_credentials', { name, ...openaiKey(secret, upstream().url) })

const makeModel = (replica: Gateway, name: string, credential: Made, more: Record<string, unknown> = {}) =>
  change(replica, 'POST', '/config/llm', {
    name,
    model_name: 'm',
    llm_credentials_id: credential.id,
    ...more,
  })

/** The key that the upstream was asked with, or the error's code. */
async function askedWith(replica: Gateway, model: string): Promise<string> {
  const before = upstream().requests.length
  const response = await fleet.chat(replica, { model })
  const { error } = (await response.json()) as { error?: { code: string } }
  if (error !== undefined) return error.code
  return upstream().requests.at(before)?.headers.authorization?.replace('Bearer ', '') ?? ''
}

/** How long after a change was answered by one replica the other goes by it, ms. */
async function heard(replica: Gateway, model: string, answer: string): Promise<number> {
  const from = performance.now()
  await until(`${model} answers ${answer}`, async () => (await askedWith(replica, model)) === answer, {
    everyMs: 1,
  })
  return performance.now() - from
}

function tell(what: string, delays: readonly number[]): void {
  const worst = Math.max(...delays).toFixed(1)
  console.log(`${what}, ${delays.length} times: median ${median(delays).toFixed(1)} ms, worst ${worst} ms`)
}

describe('what one replica changes', () => {
  it('holds at the other: who may use a model', limit, async () => {
    const model = await makeModel(one, 'shared', await makeCredential(one, 'shared'))
    await heard(other, 'shared', 'sk-planted-shared')
    const closed: number[] = []
    const opened: number[] = []
    const path = `/config/llm/${model.id}`
    for (let round = 0; round < rounds; round++) {
      const [changing, asked] = round % 2 === 0 ? [one, other] : [other, one]
      await change(changing, 'PATCH', path, { team_access: ['support'] })
      closed.push(await heard(asked, 'shared', 'model_not_found'))
      await change(changing, 'PATCH', path, { team_access: ['support', 'research'] })
      opened.push(await heard(asked, 'shared', 'sk-planted-shared'))
    }
    tell('from the answer to a narrower access until the other replica refuses', closed)
    tell('from the answer to a wider access until the other replica serves', opened)
    expect(median(closed)).toBeLessThan(withinMs)
    expect(median(opened)).toBeLessThan(withinMs)
  })

  it('holds at the other: what is switched off', limit, async () => {
    const credential = await makeCredential(other, 'switched')
    const model = await makeModel(one, 'switched', credential)
    const [connection] = model['connections'] as { id: string }[]
    await heard(other, 'switched', 'sk-planted-switched')
    const delays: number[] = []
    const switches: [string, object, object][] = [
      [`/llm_credentials/${credential.id}`, { status: 'inactive' }, { status: 'active' }],
      [`/config/llm/${model.id}/connections/${connection?.id}`, { enabled: false }, { enabled: true }],
    ]
    for (const [path, off, on] of switches) {
      await change(one, 'PATCH', path, off)
      delays.push(await heard(other, 'switched', 'no_enabled_connection'))
      await change(one, 'PATCH', path, on)
      delays.push(await heard(other, 'switched', 'sk-planted-switched'))
    }
    tell('from the answer to a switch until the other replica goes by it', delays)
    expect(median(delays)).toBeLessThan(withinMs)
  })
})

describe('replicas that seal under different master keys', () => {
  it('use what the other has sealed, rotated back and forth', limit, async () => {
    const credential = await makeCredential(one, 'sealed', 'sk-planted-0')
    await makeModel(other, 'sealed', credential)
    const delays: number[] = []
    for (let round = 1; round <= rounds; round++) {
      const [changing, asked] = round % 2 === 0 ? [one, other] : [other, one]
      const secret = `sk-planted-${round}`
      await change(changing, 'PATCH', `/llm_credentials/${credential.id}`, { api_key: secret })
      delays.push(await heard(asked, 'sealed', secret))
      expect(await askedWith(changing, 'sealed')).toBe(secret)
    }
    tell('from the answer to a rotation until the other replica uses the new secret', delays)
    expect(median(delays)).toBeLessThan(withinMs)
    const prints = await Promise.all(
      [one, other].map(async (replica) => {
        const view = await change(replica, 'GET', `/llm_credentials/${credential.id}`)
        return (view['secrets'] as { api_key: { fingerprint: string } }).api_key.fingerprint
      }),
    )
    expect(prints[0]).toBe(prints[1])
    for (const replica of [one, other]) {
      expect((await change(replica, 'GET', '/audit/verify'))['ok']).toBe(true)
    }
  })

  it('accept each other’s keys for applications', limit, async () => {
    for (const [issuing, asked] of [
      [one, other],
      [other, one],
    ] as const) {
      const made = await change(issuing, 'POST', '/keys', {
        name: `of ${issuing.pid}`,
        team: 'research',
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      })
      const response = await fleet.chat(asked, { model: 'sealed' }, String(made['key']))
      expect(response.status).toBe(200)
      await response.arrayBuffer()
    }
  })
})

describe('two writers at once', () => {
  /** Both statuses, the lower one first, and who was first. */
  async function race(requests: readonly (() => Promise<Response>)[]) {
    const answers = await Promise.all(requests.map(async (request) => request()))
    const bodies = await Promise.all(answers.map((answer) => answer.text()))
    return {
      statuses: answers.map(({ status }) => status).toSorted((a, b) => a - b),
      won: answers.findIndex(({ ok }) => ok),
      bodies,
    }
  }

  function send(replica: Gateway, method: string, path: string, body: object, headers: object = {}) {
    return () =>
      fetch(`${replica.url}/ai/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${fleet.env['MODELGATE_ADMIN_TOKEN']}`,
          'content-type': 'application/json',
          ...headers,
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      })
  }

  it('of one version: one is taken, the other 409, or 412 with If-Match', limit, async () => {
    const { id, version: first } = await change(one, 'POST', '/teams', { name: 'contested' })
    let version = first
    const path = `/teams/${id}`
    for (let round = 0; round < rounds; round++) {
      await until('both know the version', async () => {
        const views = await Promise.all([one, other].map((replica) => change(replica, 'GET', path)))
        return views.every((view) => view.version === version)
      })
      const isHeader = round % 2 === 0
      const body = (who: string) => ({ description: `${who} ${round}`, ...(isHeader ? {} : { version }) })
      const headers = isHeader ? { 'if-match': `"${version}"` } : {}
      const { statuses, won } = await race([
        send(one, 'PATCH', path, body('one'), headers),
        send(other, 'PATCH', path, body('other'), headers),
      ])
      expect(statuses).toEqual([200, isHeader ? 412 : 409])
      version += 1
      const winner = [one, other][won] as Gateway
      expect(await change(winner, 'GET', path)).toMatchObject({
        version,
        description: `${won === 0 ? 'one' : 'other'} ${round}`,
      })
    }
  })

  it('of no version: both are taken, and neither loses what the other changed', limit, async () => {
    const credential = await makeCredential(one, 'together')
    const model = await makeModel(one, 'together', credential)
    await heard(other, 'together', 'sk-planted-together')
    const path = `/config/llm/${model.id}`
    const { statuses } = await race([
      send(one, 'PATCH', path, { display_name: 'By one' }),
      send(other, 'PATCH', path, { policy: 'least_busy' }),
    ])
    expect(statuses).toEqual([200, 200])
    const expected = { display_name: 'By one', policy: 'least_busy', version: model.version + 2 }
    for (const replica of [one, other]) {
      await until('both changes are there', async () => {
        const view = await change(replica, 'GET', path)
        return Object.entries(expected).every(([field, value]) => view[field] === value)
      })
    }
  })

  it('of one name: one is made', limit, async () => {
    for (let round = 0; round < rounds; round++) {
      const body = { name: `wanted ${round}`, ...openaiKey('sk-planted-wanted', upstream().url) }
      const { statuses, bodies } = await race([
        send(one, 'POST', '/llm_credentials', body),
        send(other, 'POST', '/llm_credentials', { ...body, name: body.name.toUpperCase() }),
      ])
      expect(statuses).toEqual([201, 409])
      expect(bodies.join()).toContain('"code":"conflict"')
    }
  })

  it('one uses what the other deletes: never a connection without its credential', limit, async () => {
    for (let round = 0; round < rounds; round++) {
      const credential = await makeCredential(one, `doomed ${round}`)
      await until('the other knows it', async () => {
        return (await fleet.admin(other, 'GET', `/llm_credentials/${credential.id}`)).status === 200
      })
      const model = { name: `late ${round}`, model_name: 'm', llm_credentials_id: credential.id }
      const { statuses } = await race([
        send(one, 'DELETE', `/llm_credentials/${credential.id}`, {}),
        send(other, 'POST', '/config/llm', model),
      ])
      // Deleted first: the model names nothing (400). Used first: it is in use (409).
      expect([
        [204, 400],
        [201, 409],
      ]).toContainEqual(statuses)
    }
  })
})
