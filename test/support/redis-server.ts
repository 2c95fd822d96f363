import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis, type RedisOptions } from 'ioredis'
import { findOrInstall } from './debian-package.ts'
import { freePort } from './free-port.ts'
import { until } from './wait.ts'

export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Its data and logs. */
  readonly dir: string
  /** Asks it one thing, over a connection of its own. */
  call(name: string, ...args: string[]): Promise<unknown>
  /** SIGKILL: nobody is told, nothing is saved. */
  kill(): Promise<void>
  /** On the same port, with the data that is on the disk, or without. */
  start(options?: { empty?: boolean }): Promise<void>
  /** It accepts connections and answers nothing. */
  suspend(): void
  resume(): void
  stop(): Promise<void>
}

export interface RedisServerOptions {
  /** Every write is on the disk before it is answered. */
  readonly appendOnly?: boolean
  /** More of the command line: `['--requirepass', '…']`. */
  readonly args?: readonly string[]
  readonly port?: number
  readonly isSentinel?: boolean
  /** A node of a Cluster that knows no other yet, with a port of its own for their talk. */
  readonly isClusterNode?: boolean
  /** A configuration file to begin with, which the server may rewrite, as sentinels do. */
  readonly config?: string
  /** How to ask it. */
  readonly client?: RedisOptions
}

const run = promisify(execFile)
const START_MS = 10_000
const PORTS_TRIED = 5

/** The program: Redis or Valkey, whichever is there; Debian's package of Redis where neither is. */
async function findRedis(): Promise<string> {
  for (const name of ['redis-server', 'valkey-server']) {
    const isThere = await run(name, ['--version']).then(
      () => true,
      () => false,
    )
    if (isThere) return name
  }
  return findOrInstall({ binaries: ['redis-server'], package: 'redis-server' })
}

/** Starts a server on the loopback address, in a folder of its own. It ends with this process, or before. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const program = await findRedis()
  for (let left = PORTS_TRIED; ; left -= 1) {
    const server = await prepare(program, options.port ?? (await freePort()), options)
    try {
      await server.start()
      return server
    } catch (error) {
      await server.stop()
      // Another test was told the same port in the same moment.
      const isTaken = error instanceof Error && error.message.includes('Address already in use')
      if (!isTaken || options.port !== undefined || left === 1) throw error
    }
  }
}

async function prepare(program: string, port: number, options: RedisServerOptions): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'modelgate-redis-'))
  const file = join(dir, 'redis.conf')
  await writeFile(file, options.config ?? '')
  const settings = options.isSentinel === true ? ['--sentinel'] : []
  settings.push('--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--daemonize', 'no')
  if (options.isSentinel !== true) settings.push('--save', '')
  if (options.appendOnly === true) settings.push('--appendonly', 'yes', '--appendfsync', 'always')
  if (options.isClusterNode === true) {
    settings.push('--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`)
  }
  settings.push(...(options.args ?? []))
  let child: ChildProcess | null = null
  const killAtExit = () => child?.kill('SIGKILL')
  process.once('exit', killAtExit)

  const call = createCall({ port, ...options.client })

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child === null) return
    const ended = child
    child = null
    if (ended.exitCode !== null || ended.signalCode !== null) return
    const exit = once(ended, 'exit')
    // A suspended process takes no other signal.
    ended.kill(signal)
    ended.kill('SIGCONT')
    await exit
  }

  async function start({ empty = false }: { empty?: boolean } = {}): Promise<void> {
    await end('SIGKILL')
    if (empty) await rm(join(dir, 'appendonlydir'), { recursive: true, force: true })
    const started = spawn(program, [file, ...settings], { stdio: ['ignore', 'pipe', 'pipe'] })
    child = started
    let output = ''
    let isUp = false
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000)
      // Its own word: on a port that is taken, another would answer for it.
      isUp ||= /Ready to accept connections|Sentinel ID is/.test(output)
    }
    started.stdout.on('data', keep)
    started.stderr.on('data', keep)
    started.on('error', (error) => keep(Buffer.from(error.message)))
    const isReady = () => {
      if (started.exitCode !== null) throw new Error(`${program} did not start: ${output}`)
      return isUp
    }
    await until(`${program} answers`, isReady, { timeoutMs: START_MS, everyMs: 20 })
  }

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    dir,
    call,
    kill: () => end('SIGKILL'),
    start,
    suspend: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async stop() {
      process.off('exit', killAtExit)
      await end('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function createCall(options: RedisOptions): RedisServer['call'] {
  return async function call(name, ...args) {
    const client = new Redis({
      host: '127.0.0.1',
      lazyConnect: true,
      connectTimeout: 2_000,
      commandTimeout: 10_000,
      retryStrategy: () => null,
      enableReadyCheck: false,
      protocol: 2,
      disableClientInfo: true,
      ...options,
    })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return await client.call(name, args)
    } finally {
      client.disconnect()
    }
  }
}
