import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { findOrInstall } from './debian-package.ts'
import { until } from './wait.ts'

/** Where the program is; installs it where it is missing. Throws, saying what to install, where that cannot be done. */
export async function findPrometheus(): Promise<string> {
  return findOrInstall({ binaries: ['prometheus', 'promtool'], package: 'prometheus' })
}

export interface ToolResult {
  readonly code: number | null
  /** Standard output and standard error, one after the other. */
  readonly output: string
}

/** Runs promtool, which comes with Prometheus. Ended after 30 s. */
export async function promtool(parameters: readonly string[], input = ''): Promise<ToolResult> {
  const binary = join(dirname(await findPrometheus()), 'promtool')
  const child = spawn(binary, parameters, { timeout: 30_000, killSignal: 'SIGKILL' })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return { code, output: out + err }
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

export interface Alert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: 'pending' | 'firing'
}

export interface PrometheusServer {
  readonly url: string
  /** An instant query now. Throws with Prometheus's words where it refuses the query. */
  query(expression: string): Promise<Sample[]>
  alerts(): Promise<Alert[]>
  /** Asks the server's own HTTP API for `data`. */
  get(path: string): Promise<unknown>
  stop(): Promise<void>
}

export interface PrometheusOptions {
  /** Files of the server's folder, by name: `prometheus.yml`, and what that names. */
  readonly files: Readonly<Record<string, string>>
}

/** Starts a Prometheus on loopback, as its own process with a folder of its own, and waits until it is ready. */
export async function startPrometheus({ files }: PrometheusOptions): Promise<PrometheusServer> {
  const binary = await findPrometheus()
  const dir = await mkdtemp(join(tmpdir(), 'modelgate-prometheus-'))
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(dir, name), content)))
  const child = spawn(
    binary,
    [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000, killSignal: 'SIGKILL' },
  )
  let output = ''
  let hasEnded = false
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      hasEnded = true
      resolve()
    }
    child.once('error', end)
    child.once('exit', end)
  })
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const stop = async () => {
    process.off('exit', killAtExit)
    if (!hasEnded) child.kill('SIGKILL')
    await ended
    await rm(dir, { recursive: true, force: true })
  }
  try {
    const url = await until(
      'Prometheus is ready',
      async () => {
        if (hasEnded) throw new Error(`Prometheus ended:\n${output}`)
        const [, address] = /msg="Listening on" address=(\S+)/.exec(output) ?? []
        if (address === undefined) return null
        const ready = await fetch(`http://${address}/-/ready`, { signal: AbortSignal.timeout(2_000) })
        return ready.ok ? `http://${address}` : null
      },
      { timeoutMs: 20_000, everyMs: 50 },
    )
    const get = (path: string) => getData(url + path)
    return {
      url,
      get,
      query: async (expression) => {
        const data = await get(`/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`)
        const { result } = data as { result: { metric: Record<string, string>; value: [number, string] }[] }
        return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
      },
      alerts: async () => ((await get('/api/v1/alerts')) as { alerts: Alert[] }).alerts,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function getData(url: string): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  const body = (await answer.json()) as { status: string; data?: unknown; error?: string }
  if (body.status !== 'success') throw new Error(body.error ?? `status ${answer.status}`)
  return body.data
}
