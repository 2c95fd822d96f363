import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

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

/** Starts a Node script pinned to one core and waits until it names its port on standard output. */
export async function start(
  script: string,
  args: string[],
  core: number,
  env: Record<string, string> = {},
): Promise<Running> {
  const path = new URL(script, import.meta.url).pathname
  const child = spawn('taskset', ['-c', String(core), process.execPath, path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  const port = await portOf(child)
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

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    const giveUp = setTimeout(() => reject(new Error(`no port in: ${text}`)), 20_000)
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-65_536)
      const port = /listening (\d+)/.exec(text)?.[1] ?? /"url":"https?:\/\/[^":]+:(\d+)"/.exec(text)?.[1]
      if (port === undefined) return
      clearTimeout(giveUp)
      resolve(Number(port))
    })
  })
}
