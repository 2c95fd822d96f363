import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Running {
  readonly port: number
  readonly pid: number
  /** User and system CPU so far, µs, by the operating system's account. */
  cpu(): number
  /** Resident memory, bytes. */
  memory(): number
  stop(): void
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK']).toString())

export interface StartOptions {
  readonly script: string
  readonly args: string[]
  readonly core: number
  /** Takes standard output: a log that is written as in production, to a file. */
  readonly output: string
  readonly env?: Record<string, string>
  /** Where it will listen, for what does not say so itself. */
  readonly port?: number
}

/** Starts a Node script pinned to one core and waits until it names its port in its output. */
export async function start({
  script,
  args,
  core,
  output,
  env = {},
  port: known,
}: StartOptions): Promise<Running> {
  const path = new URL(script, import.meta.url).pathname
  const file = openSync(output, 'w')
  const child = spawn('taskset', ['-c', String(core), process.execPath, path, ...args], {
    stdio: ['ignore', file, 'inherit'],
    env: { ...process.env, ...env },
  })
  closeSync(file)
  const port = known === undefined ? await portOf(child, output) : await listening(child, known)
  const pid = child.pid ?? 0
  return {
    port,
    pid,
    cpu: () => cpuOf(pid),
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    stop: () => child.kill('SIGKILL'),
  }
}

/** All threads of the process; `taskset` replaces itself by the script, so the id is the script's own. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6
}

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

async function listening(child: ChildProcess, port: number): Promise<number> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
    await answered?.arrayBuffer()
    if (answered?.status === 200) return port
    if (child.exitCode !== null || performance.now() > deadline) throw new Error('it does not listen')
    await sleep(20)
  }
}

async function portOf(child: ChildProcess, output: string): Promise<number> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const text = readFileSync(output, 'utf8')
    const port = /listening (\d+)/.exec(text)?.[1] ?? /"url":"https?:\/\/[^":]+:(\d+)"/.exec(text)?.[1]
    if (port !== undefined) return Number(port)
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`it does not listen: ${text}`)
    await sleep(20)
  }
}
