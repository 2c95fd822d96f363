import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type CommandResult, runCommand } from './command.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { startUpstream, type Upstream } from './upstream.ts'

const adminToken = 'an-admin-token-for-operators'

/** Every character that an encoding may change. */
export const plantedSecret = 'sk-planted "quoted" /+? ümlaut'

export interface Running {
  readonly env?: Record<string, string>
  /** On a command's standard input. */
  readonly input?: string
}

/** Gateways and commands on named states, and a provider behind them. */
export interface Operator {
  readonly dir: string
  readonly upstream: Upstream
  serve(state: string, env?: Record<string, string>): Promise<Gateway>
  end(gateway: Gateway): Promise<void>
  /** A command on a state, to its end. */
  modelgate(state: string, args: readonly string[], running?: Running): Promise<CommandResult>
  /** The control plane, below `/ai/api/v1`; throws where it refuses. */
  admin(gateway: Gateway, path: string, body?: unknown): Promise<Record<string, unknown>>
  /** A credential whose secret is `plantedSecret` and its name. */
  addCredential(gateway: Gateway, name: string): Promise<Record<string, unknown>>
  /** The credential `main`, the model `gpt` on it and a key. */
  declare(gateway: Gateway): Promise<{ readonly token: string; readonly fingerprint: string }>
  /** The status of a chat request. */
  chat(gateway: Gateway, token: string): Promise<number>
  /** Requests one after the other until it is stopped, which answers the statuses that there were. */
  traffic(gateway: Gateway, token: string): { stop(): Promise<Set<number>> }
  stop(): Promise<void>
}

export interface OperatorOptions {
  /** `state.redis`, by the name of the state; the others are embedded. */
  readonly redis?: Readonly<Record<string, Record<string, unknown>>>
}

export async function createOperator({ redis = {} }: OperatorOptions = {}): Promise<Operator> {
  const dir = await mkdtemp(join(tmpdir(), 'modelgate-operator-'))
  const upstream = await startUpstream()
  const gateways = new Set<Gateway>()
  const configOf = (state: string) => ({
    state: { data_dir: join(dir, state), ...(redis[state] === undefined ? {} : { redis: redis[state] }) },
    upstream: { allow_http: true, allow_networks: ['127.0.0.0/8'] },
    health: { enabled: false },
  })
  const addCredential: Operator['addCredential'] = (gateway, name) =>
    admin(gateway, '/llm_credentials', {
      name,
      creds_type: 'API_KEY',
      provider: 'openai',
      api_key: `${plantedSecret} ${name}`,
      base_url: upstream.url,
    })

  return {
    dir,
    upstream,
    async serve(state, env = {}) {
      const environment = { MODELGATE_ADMIN_TOKEN: adminToken, ...env }
      const gateway = await startGateway({ config: configOf(state), env: environment })
      gateways.add(gateway)
      return gateway
    },
    async end(gateway) {
      gateways.delete(gateway)
      await gateway.stop()
    },
    async modelgate(state, args, { env = {}, input = '' } = {}) {
      const configFile = join(dir, `${state}.yaml`)
      await writeFile(configFile, stringify({ ...configOf(state), listen: { host: '127.0.0.1', port: 0 } }))
      return runCommand({ args, configFile, env: { HOME: dir, ...env }, input })
    },
    admin,
    addCredential,
    async declare(gateway) {
      const made = await addCredential(gateway, 'main')
      await admin(gateway, '/config/llm', {
        name: 'gpt',
        provider: 'openai',
        llm_credentials_id: made['id'],
        model_name: 'upstream-model',
      })
      const ends = new Date(Date.now() + 3_600_000).toISOString()
      const issued = await admin(gateway, '/keys', { name: 'app', team: 'research', expires_at: ends })
      return { token: String(issued['key']), fingerprint: fingerprintOf(made) }
    },
    chat,
    traffic(gateway, token) {
      let isOn = true
      const statuses = new Set<number>()
      const done = (async () => {
        while (isOn) statuses.add(await chat(gateway, token))
      })()
      return {
        async stop() {
          isOn = false
          await done
          return statuses
        },
      }
    },
    async stop() {
      await Promise.all([...gateways].map((gateway) => gateway.stop()))
      await upstream.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export function fingerprintOf(view: Record<string, unknown>): string {
  return (view['secrets'] as { api_key: { fingerprint: string } }).api_key.fingerprint
}

/** The items of a list. */
export function itemsOf(answer: Record<string, unknown>): Record<string, unknown>[] {
  return answer['items'] as Record<string, unknown>[]
}

async function admin(gateway: Gateway, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${gateway.url}/ai/api/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  const answer = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

async function chat(gateway: Gateway, token: string): Promise<number> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'hello' }] }),
    signal: AbortSignal.timeout(10_000),
  })
  await response.text()
  return response.status
}
