import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { entry, environment } from './program.ts'
import { until } from './wait.ts'

export interface Gateway {
  readonly url: string
  readonly pid: number
  readonly dir: string
  readonly configFile: string
  /** Everything written so far, standard output and standard error together. */
  output(): string
  /** The log's JSON lines so far. */
  log(): Record<string, unknown>[]
  signal(name: NodeJS.Signals): void
  /** The exit code, once the process has ended. */
  exited: Promise<number | null>
  /** Ends the process and removes its folder. */
  stop(): Promise<void>
}

export interface StartOptions {
  /** Written as YAML; `listen.port` defaults to a free one and `state.data_dir` to a folder of this process. */
  readonly config?: Record<string, unknown>
  readonly env?: Record<string, string>
  /** Do not wait for readiness (a configuration that must not start). */
  readonly wait?: boolean
  /** Working directory; the process's own folder unless given. */
  readonly cwd?: string
}

/** Starts the gateway as its own process, as a user would, and waits until it listens. */
export async function startGateway({
  config = {},
  env = {},
  wait = true,
  cwd,
}: StartOptions = {}): Promise<Gateway> {
  const dir = await mkdtemp(join(tmpdir(), 'modelgate-test-'))
  const configFile = join(dir, 'modelgate.yaml')
  const whole = {
    ...config,
    listen: { host: '127.0.0.1', port: 0, ...(config['listen'] as object | undefined) },
    state: { data_dir: join(dir, 'data'), ...(config['state'] as object | undefined) },
    drain: { grace_seconds: 0, timeout_seconds: 5, ...(config['drain'] as object | undefined) },
  }
  await writeFile(configFile, stringify(whole))
  return launch({ dir, configFile, env, wait, cwd: cwd ?? dir })
}

interface Launch {
  readonly dir: string
  readonly configFile: string
  readonly env: Record<string, string>
  readonly wait: boolean
  readonly cwd: string
}

async function launch({ dir, configFile, env, wait, cwd }: Launch): Promise<Gateway> {
  const child = spawn(process.execPath, [entry, 'serve'], {
    env: { ...environment, HOME: dir, MODELGATE_CONFIG: configFile, ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const log = () => jsonLines(text)
  const gateway = {
    pid: child.pid ?? 0,
    dir,
    configFile,
    output: () => text,
    log,
    signal: (name: NodeJS.Signals) => child.kill(name),
    exited,
    stop: () => stop(child, exited, dir),
  }
  if (!wait) return { ...gateway, url: '' }
  try {
    const hasUrl = () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}:\n${text}`)
      return log().find((line) => line['msg'] === 'listening')?.['url'] as string | undefined
    }
    const url = await until('the gateway listens', hasUrl, { timeoutMs: 20_000 })
    return { ...gateway, url }
  } catch (error) {
    await gateway.stop()
    throw error
  }
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    try {
      return [JSON.parse(line) as Record<string, unknown>]
    } catch {
      return []
    }
  })
}

async function stop(child: ChildProcess, exited: Promise<unknown>, dir: string): Promise<void> {
  child.kill('SIGTERM')
  const hard = setTimeout(() => child.kill('SIGKILL'), 8_000)
  await exited
  clearTimeout(hard)
  await rm(dir, { recursive: true, force: true })
}
