import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Gateway, startGateway } from './gateway.ts'
import { metric } from './metrics.ts'
import { userMessage } from './scene.ts'
import { audience, createIssuer } from './tokens.ts'
import { type Script, startUpstream, type Upstream } from './upstream.ts'
import { until } from './wait.ts'

export interface AdminAnswer {
  readonly status: number
  /** The body as JSON; null where there is none. */
  readonly body: Record<string, unknown> | null
}

/** Gateways of one configuration and one master key before scripted upstreams: replicas, where they share a Redis. */
export interface Fleet {
  readonly replicas: readonly Gateway[]
  /** By the names given. */
  readonly upstreams: Record<string, Upstream>
  /** A valid token of team `research`. */
  readonly token: string
  /** What its processes have in their environment. */
  readonly env: Record<string, string>
  chat(replica: Pick<Gateway, 'url'>, body?: Record<string, unknown>, token?: string): Promise<Response>
  /** The control plane of one replica, below `/ai/api/v1`. */
  admin(replica: Pick<Gateway, 'url'>, method: string, path: string, body?: unknown): Promise<AdminAnswer>
  /** One more replica. The same `name` has the same `data_dir`, which outlives the process. */
  launch(name: string, options?: LaunchOptions): Promise<Gateway>
  stop(): Promise<void>
}

export interface LaunchOptions {
  /** Sections that this replica has otherwise. */
  readonly config?: Record<string, unknown>
  /** Variables that it has otherwise. */
  readonly env?: Record<string, string>
}

export interface FleetOptions {
  readonly replicas?: number
  /** `state.redis`; without it every replica keeps its state to itself. */
  readonly redis?: Record<string, unknown>
  /** Names of upstreams, each with its first script. */
  readonly upstreams?: Record<string, Script | undefined>
  /** The rest of the configuration, made once the upstreams' addresses are known. */
  readonly config?: (urls: Record<string, string>) => Record<string, unknown>
}

const adminToken = 'the-admin-token-of-the-fleet'
const answerMs = 30_000

export async function createFleet({
  replicas: count = 1,
  redis,
  upstreams: scripts = { main: undefined },
  config = () => ({}),
}: FleetOptions = {}): Promise<Fleet> {
  const dir = await mkdtemp(join(tmpdir(), 'modelgate-fleet-'))
  const issuer = await createIssuer()
  await issuer.writeJwks(join(dir, 'jwks.json'))
  const upstreams: Record<string, Upstream> = {}
  for (const [name, script] of Object.entries(scripts)) upstreams[name] = await startUpstream(script)
  const settings = config(Object.fromEntries(Object.entries(upstreams).map(([name, { url }]) => [name, url])))
  const env = {
    MODELGATE_MASTER_KEY: randomBytes(32).toString('base64'),
    MODELGATE_ADMIN_TOKEN: adminToken,
  }
  const started: Gateway[] = []
  const launch = async (name: string, { config: own = {}, env: ownEnv = {} }: LaunchOptions = {}) => {
    const whole = {
      ...settings,
      ...own,
      auth: { issuers: [{ issuer: issuer.issuer, audience, jwks_file: join(dir, 'jwks.json') }] },
      health: { enabled: false, ...(settings['health'] as object | undefined) },
      upstream: {
        allow_http: true,
        allow_networks: ['127.0.0.0/8'],
        ...(settings['upstream'] as object | undefined),
      },
      state: {
        data_dir: join(dir, name),
        ...(redis === undefined ? {} : { redis }),
        ...(own['state'] as object | undefined),
      },
    }
    const gateway = await startGateway({ config: whole, env: { ...env, ...ownEnv } })
    started.push(gateway)
    return gateway
  }
  const stop = async () => {
    await Promise.all(started.map((gateway) => gateway.stop()))
    await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()))
    await rm(dir, { recursive: true, force: true })
  }
  try {
    // All at once, as a deployment does it; none may be forgotten where another fails.
    const launched = await Promise.allSettled(
      Array.from({ length: count }, (_, index) => launch(`replica-${index}`)),
    )
    const replicas = launched.map((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value
    })
    const isUp = async (replica: Gateway) => (await metric(replica, 'modelgate_redis_up')) === 1
    if (redis !== undefined) for (const one of replicas) await until('Redis is found', () => isUp(one))
    const token = await issuer.token()
    return {
      replicas,
      upstreams,
      token,
      env,
      launch,
      stop,
      admin,
      chat: ({ url }, body = {}, presented = token) =>
        fetch(`${url}/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${presented}`, 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'gpt', messages: [userMessage], ...body }),
          signal: AbortSignal.timeout(answerMs),
        }),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function admin(
  { url }: Pick<Gateway, 'url'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<AdminAnswer> {
  const response = await fetch(`${url}/ai/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(answerMs),
  })
  const text = await response.text()
  return {
    status: response.status,
    body: text === '' ? null : (JSON.parse(text) as Record<string, unknown>),
  }
}

/** Credentials of an OpenAI-shaped upstream, as the control plane and the configuration take them. */
export function openaiKey(key: string, url: string | undefined): Record<string, unknown> {
  return { creds_type: 'API_KEY', provider: 'openai', api_key: key, base_url: url }
}

/** Of the numbers the middle one; NaN of none. */
export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5)
}

/** The smallest number that so large a share of them does not exceed; NaN of none. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
