import { Agent, request } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createIssuer } from '../support/tokens.ts'
import { sendJson } from '../support/upstream.ts'
import { createBusyScene, type BusyScene, workerExposition } from './busy-scene.ts'
import { design } from './deployed.ts'
import { type Series, seriesOf } from './promql.ts'

let busy: BusyScene
let exposed: Series[]

beforeAll(async () => {
  busy = await createBusyScene()
  exposed = [await busy.exposition(), await workerExposition()].flatMap(seriesOf)
}, 300_000)
afterAll(() => busy?.stop())

const embedding = {
  object: 'list',
  model: 'upstream-model',
  data: [{ object: 'embedding', index: 0, embedding: [0.5, 0.25] }],
  usage: { prompt_tokens: 4, total_tokens: 4 },
}

const durations = [
  'modelgate_request_duration_seconds',
  'modelgate_time_to_first_token_seconds',
  'modelgate_overhead_seconds',
]

/** Every metric of design §10, with its labels. */
function designed(): Map<string, readonly string[]> {
  const section = design.slice(design.indexOf('\n## 10.'), design.indexOf('\n## 11.'))
  const found = new Map<string, readonly string[]>()
  for (const [, name = '', labels = ''] of section.matchAll(/`(modelgate_[a-z_]+)(?:\{([^}`]*)\})?`/g)) {
    const names = labels.split(',').map((label) => label.replace(/=.*$/, ''))
    found.set(name, labels === '' ? [] : names)
  }
  for (const name of durations) found.set(name, ['operation', 'model', 'provider', 'connection'])
  found.set('modelgate_build_info', ['version', 'node'])
  return found
}

function labelsOf(series: readonly Series[], name: string): string[] | null {
  const own = series.filter((one) => one.name === name || one.name === `${name}_count`)
  if (own.length === 0) return null
  const sets = new Set(own.map(({ labels }) => Object.keys(labels).toSorted().join()))
  if (sets.size > 1) throw new Error(`${name} has labels ${[...sets].join(' or ')}`)
  return Object.keys(own[0]?.labels ?? {}).toSorted()
}

it('a gateway exposes every metric of the design with its labels, after traffic of every kind', () => {
  const names = designed()
  expect(names.size).toBeGreaterThanOrEqual(24)
  const found = [...names.keys()].map((name) => {
    const labels = labelsOf(exposed, name)
    return { name, labels }
  })
  expect(found).toEqual(Array.from(names, ([name, labels]) => ({ name, labels: labels.toSorted() })))
})

it('and none that the design does not tell of, but for those of the process', () => {
  const names = [...designed().keys()]
  const families = new Set(exposed.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')))
  const strange = [...families].filter((name) => !names.includes(name) && !/^(process|nodejs)_/.test(name))
  expect(strange).toEqual([])
  for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds'])
    expect(families).toContain(name)
})

it('what is exposed does not grow with models nobody has, nor with teams, callers and tokens', async () => {
  const { scene } = busy
  const agent = new Agent({ keepAlive: true, maxSockets: 24 })
  const stranger = await createIssuer({ issuer: 'https://stranger.test' })
  const path = '/v1/chat/completions'
  if (scene.upstreams['main'] === undefined) throw new Error('no upstream')
  scene.upstreams['main'].script = (response) => sendJson(response, embedding)

  async function ask(index: number): Promise<void> {
    // One in a hundred comes from an issuer that nobody trusts, to a path that is not there.
    const isStrange = index % 100 === 0
    const claims = { teams: [`team-${index}`], sub: `user-${index}`, jti: `token-${index}` }
    const token = isStrange
      ? await stranger.token({ iss: `https://${index}.test` })
      : await scene.issuer.token(claims)
    // Half of them use what is there.
    if (index % 2 === 1) {
      const status = await post('/v1/embeddings', token, { model: 'vectors', input: 'hello' })
      if (status !== 200) throw new Error(`answered ${status}`)
      return
    }
    const model = `model-${index}#connection-${index}`
    await post(isStrange ? `${path}/${index}` : path, token, { model, messages: [] })
  }

  function post(to: string, token: string, body: unknown): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'user-agent': `agent ${token.slice(-9)}`,
      }
      const sent = request(
        scene.gateway.url + to,
        { method: 'POST', agent, headers, timeout: 10_000 },
        (answer) => {
          answer.resume()
          answer.on('end', () => resolve(answer.statusCode ?? 0))
          answer.on('error', reject)
        },
      )
      sent.on('timeout', () => sent.destroy(new Error('no answer within 10 s')))
      sent.on('error', reject)
      sent.end(JSON.stringify(body))
    })
  }

  async function askAll(from: number, to: number): Promise<number> {
    let next = from
    const worker = async () => {
      while (next < to) await ask(next++)
    }
    await Promise.all(Array.from({ length: 24 }, worker))
    return seriesOf(await busy.exposition()).filter(({ name }) => name.startsWith('modelgate_')).length
  }

  try {
    const halfway = await askAll(0, 5_000)
    expect(await askAll(5_000, 10_000)).toBe(halfway)
    const after = seriesOf(await busy.exposition())
    // The first thousand teams that are registered nowhere keep their names; `other` are the four thousand after them.
    const teams = new Set(after.flatMap(({ labels }) => labels['team'] ?? []))
    expect([...teams].filter((team) => team.startsWith('team-')).length).toBeGreaterThan(900)
    expect(teams.size).toBeLessThan(1_010)
    expect(teams).toContain('other')
    for (const planted of ['model-', 'connection-', 'user-', 'token-', '.test/', 'agent ']) {
      expect(
        after.filter(({ labels }) => Object.values(labels).some((value) => value.startsWith(planted))),
      ).toEqual([])
    }
  } finally {
    agent.destroy()
  }
}, 60_000)
