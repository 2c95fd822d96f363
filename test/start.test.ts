import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from './support/gateway.ts'
import { until } from './support/wait.ts'

const shell = promisify(execFile)
const defaults = new URL('../config/modelgate.yaml', import.meta.url).pathname

describe('the default configuration', () => {
  let dir: string
  let gateway: Gateway
  let startedMs: number
  const start = () => startGateway({ cwd: dir, env: { MODELGATE_CONFIG: defaults, PORT: '0' } })

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelgate-start-'))
    const before = performance.now()
    gateway = await start()
    startedMs = performance.now() - before
  })
  afterAll(async () => {
    await gateway.stop()
    await rm(dir, { recursive: true, force: true })
  })

  it('is ready at once, with nothing else on the machine', async () => {
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200)
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
    console.log(`ready after ${Math.round(startedMs)} ms`)
  })

  it('prints a curl line that works when pasted', async () => {
    const line = await printed(gateway, /^\s*(curl .*)$/m)
    const { stdout } = await shell('sh', ['-c', line])
    expect(stdout).toContain('data: ')
    expect(stdout.trimEnd().endsWith('data: [DONE]')).toBe(true)
  })

  it('keeps its keys with 0600, and its tokens over a restart', async () => {
    const token = await printed(gateway, /team token\S*\s+(\S+)/i)
    const master = join(dir, 'data', 'master.key')
    expect((await stat(master)).mode & 0o777).toBe(0o600)
    const before = await readFile(master, 'utf8')
    await gateway.stop()
    gateway = await start()
    expect(await readFile(master, 'utf8')).toBe(before)
    const response = await fetch(`${gateway.url}/v1/models`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(response.status).toBe(200)
  })

  it('keeps tokens out of the log', async () => {
    const token = await printed(gateway, /team token\S*\s+(\S+)/i)
    expect(JSON.stringify(gateway.log())).not.toContain(token)
  })
})

/** What is printed comes after the line by which the gateway is known to listen. */
function printed(gateway: Gateway, pattern: RegExp): Promise<string> {
  return until(`something like ${pattern}`, () => pattern.exec(gateway.output())?.[1])
}

it('a configuration with faults ends with 1 and says all of them, with their lines', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'modelgate-faults-'))
  const file = join(dir, 'modelgate.yaml')
  await writeFile(
    file,
    [
      'listen: { port: 99999 }',
      'lisen: {}',
      'upstream:',
      '  max_attempts: many',
      'credentials:',
      '  - { name: a, creds_type: AWS, aws_access_key_id: x }',
      'models:',
      '  - name: m',
      '    connections:',
      '      - { name: c, credential: nobody, model_name: x }',
      'telemetry: { log_level: "${NOT_SET_ANYWHERE}" }',
    ].join('\n'),
  )
  const gateway = await startGateway({ env: { MODELGATE_CONFIG: file }, wait: false })
  expect(await gateway.exited).toBe(1)
  const output = gateway.output()
  for (const line of [1, 2, 4, 6, 10, 11]) expect(output).toMatch(new RegExp(`(:|line )${line}\\b`))
  for (const word of [
    'port',
    'lisen',
    'max_attempts',
    'aws_region is required',
    'nobody',
    'NOT_SET_ANYWHERE',
  ]) {
    expect(output).toContain(word)
  }
  await gateway.stop()
  await rm(dir, { recursive: true, force: true })
})

it('a port that is taken, or state that cannot be kept, is one sentence and exit 1', async () => {
  const running = await startGateway()
  const port = Number(new URL(running.url).port)
  try {
    for (const config of [
      { listen: { port } },
      { telemetry: { port } },
      { state: { data_dir: join(running.configFile, 'below-a-file') } },
    ]) {
      const second = await startGateway({ config, wait: false })
      expect(await second.exited).toBe(1)
      expect(second.output().trim().split('\n').at(-1)).toMatch(/^modelgate cannot start: /)
      expect(second.output()).not.toContain('    at ')
      await second.stop()
    }
  } finally {
    await running.stop()
  }
})

it('a changed file is taken up; a broken one is not, and the old stays', async () => {
  const model = (name: string) => ({
    name,
    builtin: true,
    connections: [
      { name: 'default', model_name: 'echo', credentials: { creds_type: 'API_KEY', provider: 'echo' } },
    ],
  })
  const gateway = await startGateway({ config: { models: [model('one')] } })
  try {
    const token = await printed(gateway, /team token\S*\s+(\S+)/i)
    const names = async () => {
      const response = await fetch(`${gateway.url}/v1/models`, {
        headers: { authorization: `Bearer ${token}` },
      })
      return ((await response.json()) as { data: { id: string }[] }).data.map(({ id }) => id)
    }
    expect(await names()).toEqual(['one'])
    const text = await readFile(gateway.configFile, 'utf8')
    await writeFile(gateway.configFile, text.replace('name: one', 'name: two'))
    gateway.signal('SIGHUP')
    await until('the new model is there', async () => (await names()).includes('two'))
    await writeFile(gateway.configFile, `${text}\nnonsense: true\n`)
    gateway.signal('SIGHUP')
    await until('the fault is told', () => gateway.output().includes('nonsense'))
    expect(await names()).toEqual(['two'])
  } finally {
    await gateway.stop()
  }
})
