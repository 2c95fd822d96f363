import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { freePort } from '../test/support/free-port.ts'
import { startRedis } from '../test/support/redis-server.ts'
import { type Identity, writeGatewayConfig } from './gateway-config.ts'
import { nginxConfig } from './nginx-config.ts'
import { callsOf } from './proc.ts'
import type { Processes, Running } from './processes.ts'

/** What requests go through. */
export interface Subject extends Running {
  /** Beside the token. */
  readonly headers?: Readonly<Record<string, string>>
  /** Commands that its Redis has carried out. */
  redisCalls?(): Promise<number>
}

export interface Surroundings {
  readonly processes: Processes
  readonly dir: string
  readonly identity: Identity
  readonly upstream: Running
  /** Where proxies run, alone. */
  readonly core: number
}

/** Starts it; null: it is not installed. */
type Start = (surroundings: Surroundings) => Promise<Subject | null>

const here = (name: string) => new URL(name, import.meta.url).pathname
const probe = ['--expose-gc', '--import', new URL('./child/probe.ts', import.meta.url).href]
const originOf = ({ port }: Running) => `http://127.0.0.1:${port}`

/** Everything that may be measured, by the name it has in the table: a new subject is one more line. */
export const subjects = {
  direct: async ({ upstream }) => ({ ...upstream, stop: async () => {} }),
  'bare node:http': (surroundings) => startBare(surroundings, './child/bare-node.ts'),
  'bare hono': (surroundings) => startBare(surroundings, './child/bare-hono.ts'),
  nginx: startNginx,
  Portkey: (surroundings) => startPortkey(surroundings, machineNode()),
  'Portkey on this Node': (surroundings) => startPortkey(surroundings, process.execPath),
  Modelgate: (surroundings) => startGateway(surroundings),
  'Modelgate on Redis': startWithRedis,
} satisfies Record<string, Start>

export type SubjectName = keyof typeof subjects

function startNode(
  { processes, core }: Surroundings,
  port: number,
  args: readonly string[],
  rest: { env?: Record<string, string>; readyPath?: string } = {},
): Promise<Running> {
  return processes.start({
    ...rest,
    command: process.execPath,
    args: [...probe, ...args],
    core,
    port,
    isAnswering: true,
  })
}

async function startBare(surroundings: Surroundings, script: string): Promise<Subject> {
  const port = await freePort()
  return startNode(surroundings, port, [here(script), String(port), originOf(surroundings.upstream)])
}

async function startGateway(surroundings: Surroundings, redisUrl?: string): Promise<Subject> {
  const port = await freePort()
  const { dir, identity, upstream } = surroundings
  const env = await writeGatewayConfig({
    dir,
    identity,
    port,
    origin: originOf(upstream),
    ...(redisUrl !== undefined && { redisUrl }),
  })
  return startNode(surroundings, port, [here('../src/main.ts'), 'serve'], { env, readyPath: '/readyz' })
}

async function startWithRedis(surroundings: Surroundings): Promise<Subject | null> {
  if (!isOnPath('redis-server') && !isOnPath('valkey-server')) return null
  const redis = await startRedis()
  const gateway = await startGateway(surroundings, redis.url)
  return {
    ...gateway,
    redisCalls: async () => callsOf(String(await redis.call('info', 'commandstats'))),
    async stop() {
      await gateway.stop()
      await redis.stop()
    },
  }
}

async function startNginx({ processes, core, dir, upstream }: Surroundings): Promise<Subject | null> {
  if (!isOnPath('nginx')) return null
  const port = await freePort()
  const file = join(dir, 'nginx.conf')
  await writeFile(file, nginxConfig({ port, upstreamPort: upstream.port }))
  return processes.start({ command: 'nginx', args: ['-p', dir, '-c', file], core, port })
}

/** The folder in which `npm install @portkey-ai/gateway` was run is named by BENCH_PORTKEY. */
async function startPortkey(
  { processes, core, upstream }: Surroundings,
  node: string | null,
): Promise<Subject | null> {
  const folder = process.env['BENCH_PORTKEY'] ?? ''
  const script = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js')
  if (folder === '' || node === null || !existsSync(script)) return null
  const port = await freePort()
  const args = [script, `--port=${port}`, '--headless']
  const running = await processes.start({ command: node, args, core, port })
  const headers = {
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${originOf(upstream)}/v1`,
  }
  return { ...running, headers }
}

/** The Node that `npx` would take: npm puts those of packages before the machine's own. */
function machineNode(): string | null {
  const isOfPackage = (folder: string) => folder.includes('node_modules')
  return (
    foldersOfPath()
      .filter((folder) => !isOfPackage(folder))
      .map((folder) => join(folder, 'node'))
      .find((file) => existsSync(file)) ?? null
  )
}

function isOnPath(name: string): boolean {
  return [...foldersOfPath(), '/usr/sbin'].some((folder) => existsSync(join(folder, name)))
}

function foldersOfPath(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
}
