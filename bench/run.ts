import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { freePort, type Running, start, type StartOptions } from './processes.ts'

// CPU per request and per streamed chunk: the gateway, with tokens, pool, metrics and request log on, against bare
// proxies in the same run. Proxies are pinned to one core, load and upstream to the other; rounds are interleaved.

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)
const proxyCore = 0
const loadCore = 1

interface Task {
  readonly name: string
  readonly promptBytes: number
  /** 0: not streamed. */
  readonly chunks: number
  readonly requests: number
  readonly unit: 'request' | 'chunk'
}

/** `BENCH_ONLY=1 KB`: only the tasks whose names hold it. */
const only = process.env['BENCH_ONLY'] ?? ''

const everyTask: Task[] = [
  { name: 'whole answer, 1 KB prompt', promptBytes: 1024, chunks: 0, requests: 10_000, unit: 'request' },
  { name: 'whole answer, 10 KB prompt', promptBytes: 10_240, chunks: 0, requests: 6000, unit: 'request' },
  { name: 'whole answer, 200 KB prompt', promptBytes: 204_800, chunks: 0, requests: 1500, unit: 'request' },
  { name: 'streamed, per chunk', promptBytes: 1024, chunks: 1000, requests: 60, unit: 'chunk' },
]

const tasks = everyTask.filter(({ name }) => name.includes(only))

const dir = mkdtempSync(join(tmpdir(), 'modelgate-bench-'))
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' }
writeFileSync(join(dir, 'jwks.json'), JSON.stringify({ keys: [jwk] }))
const token = await new SignJWT({ teams: ['bench'] })
  .setProtectedHeader({ alg: 'ES256', kid: 'bench' })
  .setIssuer('https://bench.test')
  .setAudience('modelgate')
  .setSubject('bench')
  .setExpirationTime('1h')
  .sign(privateKey)

const running: Running[] = []
async function started(options: Omit<StartOptions, 'output'>): Promise<Running> {
  const process = await start({ ...options, output: join(dir, `${running.length}.log`) })
  running.push(process)
  return process
}

try {
  const upstream = await started({ script: './upstream.ts', args: [], core: loadCore })
  const origin = `http://127.0.0.1:${upstream.port}`
  const config = join(dir, 'modelgate.yaml')
  writeFileSync(config, JSON.stringify(gatewayConfig(origin, 0, 'info')))
  const quietPort = await freePort()
  const quietConfig = join(dir, 'quiet.yaml')
  writeFileSync(quietConfig, JSON.stringify(gatewayConfig(origin, quietPort, 'warn')))
  const proxies: Record<string, Running> = {
    'bare node:http + undici': await started({ script: './bare-node.ts', args: [origin], core: proxyCore }),
    'bare hono + undici': await started({ script: './bare-hono.ts', args: [origin], core: proxyCore }),
    modelgate: await started({
      script: '../src/main.ts',
      args: ['serve'],
      core: proxyCore,
      env: { MODELGATE_CONFIG: config },
    }),
    'modelgate, no request log': await started({
      script: '../src/main.ts',
      args: ['serve'],
      core: proxyCore,
      env: { MODELGATE_CONFIG: quietConfig },
      port: quietPort,
    }),
  }
  // Long enough for the compiler to be done with all of it: what is measured is the state a server is in for days.
  for (const proxy of Object.values(proxies)) {
    for (const task of tasks) await load(proxy.port, { ...task, requests: task.requests * warmUp(task) })
  }
  for (const task of tasks) await measure(task, proxies)
} finally {
  for (const process of running) process.stop()
  rmSync(dir, { recursive: true, force: true })
}

function gatewayConfig(origin: string, port: number, level: string): object {
  const credentials = {
    creds_type: 'API_KEY',
    provider: 'openai',
    api_key: 'sk-bench',
    base_url: `${origin}/v1`,
  }
  const connection = (name: string) => ({
    name,
    model_name: 'bench',
    credentials: { ...credentials, api_key: `sk-${name}` },
  })
  return {
    listen: { host: '127.0.0.1', port },
    state: { data_dir: join(dir, `data-${port}`) },
    telemetry: { log_level: level },
    health: { enabled: false },
    auth: {
      issuers: [{ issuer: 'https://bench.test', audience: 'modelgate', jwks_file: join(dir, 'jwks.json') }],
    },
    models: [{ name: 'bench', connections: [connection('one'), connection('two')] }],
  }
}

async function measure(task: Task, proxies: Record<string, Running>): Promise<void> {
  const figures: Record<string, number[]> = {}
  for (let round = 0; round < rounds; round++) {
    for (const [name, proxy] of Object.entries(proxies)) {
      const before = proxy.cpu()
      await load(proxy.port, task)
      const spent = proxy.cpu() - before
      // The first round warms the compiler and counts for nothing.
      if (round >= 0)
        (figures[name] ??= []).push(spent / task.requests / (task.unit === 'chunk' ? task.chunks : 1))
    }
  }
  const base = median(figures[task.unit === 'chunk' ? 'bare node:http + undici' : 'bare hono + undici'] ?? [])
  process.stdout.write(
    `\n${task.name} (µs of CPU per ${task.unit}, median of ${rounds} rounds, lowest to highest)\n`,
  )
  for (const [name, values] of Object.entries(figures)) {
    const spread = `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`
    process.stdout.write(
      `  ${name.padEnd(26)}${median(values).toFixed(1).padStart(9)}   ${spread.padEnd(20)} × ${(median(values) / base).toFixed(2)}\n`,
    )
  }
}

function load(port: number, { requests, promptBytes, chunks }: Task): Promise<void> {
  const script = new URL('./load.ts', import.meta.url).pathname
  const connections = chunks > 0 ? 10 : 32
  const args = [port, requests, connections, promptBytes, chunks, token].map(String)
  const child = spawn('taskset', ['-c', String(loadCore), process.execPath, script, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the load ended with ${code}`))))
  })
}

/** Rounds before the first that counts. */
function warmUp({ promptBytes, chunks }: Task): number {
  return promptBytes <= 1024 && chunks === 0 ? 4 : 1
}

function median(values: readonly number[]): number {
  const sorted = [...values].toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
