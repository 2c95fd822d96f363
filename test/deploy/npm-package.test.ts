import { execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { until } from '../support/wait.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const sources = [
  'bin',
  'config',
  'src',
  'package.json',
  'README.md',
  'LICENSE',
  'tsconfig.json',
  'tsconfig.build.json',
]

let scratch: string
let consumer: string
let files: string[]

/** `npm pack` as a release does it, and its tarball installed in an empty folder as a user does it. */
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'modelgate-pack-'))
  const source = join(scratch, 'source')
  // Apart from the working tree: bin/modelgate.js would take a dist that is left there for the newest.
  for (const path of sources) await cp(join(root, path), join(source, path), { recursive: true })
  await symlink(join(root, 'node_modules'), join(source, 'node_modules'))
  const options = { cwd: source, timeout: 90_000, maxBuffer: 64 * 1024 * 1024 }
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', scratch], options)
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as {
    filename: string
    files: { path: string }[]
  }[]
  files = packed?.files.map(({ path }) => path) ?? []
  consumer = join(scratch, 'consumer')
  await mkdir(consumer)
  await writeFile(join(consumer, 'package.json'), '{ "private": true }')
  const install = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  await run('npm', [...install, join(scratch, packed?.filename ?? '')], { ...options, cwd: consumer })
}, 120_000)
afterAll(() => rm(scratch, { recursive: true, force: true }))

/** `npx modelgate …` in the folder it was installed in. */
async function modelgate(args: string[], env: Record<string, string> = {}) {
  const options = { cwd: consumer, timeout: 20_000, env: { ...process.env, ...env } }
  return run('npx', ['modelgate', ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
}

it('holds the program and nothing of its tests', () => {
  expect(files).toContain('dist/main.js')
  expect(files).toContain('dist/store/redis/scripts/commit.lua')
  expect(files).toContain('config/modelgate.yaml')
  expect(files).toContain('config/modelgate.schema.json')
  const allowed = /^(bin|config|dist)\/|^(package\.json|README\.md|LICENSE)$/
  expect(files.filter((path) => !allowed.test(path))).toEqual([])
  expect(files.filter((path) => /\.(test|suite)\.|fixtures|\/testing\/|\.ts$/.test(path))).toEqual([])
})

it('brings what it needs to run, and no tool of its development', async () => {
  const installed = JSON.parse(await readFile(join(consumer, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, unknown>
  }
  const names = Object.keys(installed.packages)
  for (const name of Object.keys(manifest.dependencies)) expect(names).toContain(`node_modules/${name}`)
  for (const name of ['typescript', 'vitest', 'openai', 'modelgate-dev-node']) {
    expect(names).not.toContain(`node_modules/${name}`)
  }
})

it('tells trackers in its dependencies to keep still', () => {
  // What overrides do here they do not do where this is a dependency; @scarf/scarf reads this in every parent.
  expect(manifest.scarfSettings).toEqual({ enabled: false })
})

it('asks for a Node that runs it', () => {
  expect(manifest.engines.node).toBe('>=24')
})

it('`npx modelgate --help` and `--version` answer with 0', async () => {
  expect(await modelgate(['--help'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Usage: modelgate \[command\][^]* check-config /),
  })
  const { stdout } = await modelgate(['--help'])
  for (const name of ['serve', 'check-config', 'token', 'rotate-master-key', 'export', 'import'])
    expect(stdout).toMatch(new RegExp(`^ +${name} `, 'm'))
  expect(await modelgate(['--version'])).toMatchObject({ code: 0, stdout: `${manifest.version}\n` })
})

it('`npx modelgate check-config` answers with 0, or with 1 and the faults, or with 2 for wrong usage', async () => {
  expect(await modelgate(['check-config'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('no faults'),
  })
  const file = join(scratch, 'faulty.yaml')
  await writeFile(file, 'listen: { port: many }\n')
  expect(await modelgate(['check-config'], { MODELGATE_CONFIG: file })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('listen.port'),
  })
  expect(await modelgate(['check-confg'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('there is no command "check-confg"'),
  })
})

it('has the commands on its state: token, export, import, rotate-master-key, each with an exit code', async () => {
  const state = (name: string) => writeConfig(name, `state: { data_dir: ${join(scratch, name)} }\n`)
  const env = await state('state-one')
  const token = await modelgate(['token', '--team', 'research', '--expires', '1h'], env)
  expect(token).toMatchObject({ code: 0, stdout: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/) })
  expect(await modelgate(['token'], env)).toMatchObject({ code: 2, stdout: '' })

  const file = join(scratch, 'registry.jsonl')
  expect(await modelgate(['export', '--output', file], env)).toMatchObject({ code: 0 })
  const key = (await readFile(join(scratch, 'state-one/master.key'), 'utf8')).trim()
  const other = { ...(await state('state-two')), MODELGATE_MASTER_KEY: key }
  expect(await modelgate(['import', '--input', file], other)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('imported'),
  })
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, -20))
  expect(await modelgate(['import', '--input', file, '--replace'], other)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not whole'),
  })
  expect(await modelgate(['rotate-master-key'], env)).toMatchObject({ code: 0 })
  expect(await readFile(join(scratch, 'state-one/master.key'), 'utf8')).not.toContain(key)
}, 90_000)

/** The environment by which a command takes this text for its configuration. */
async function writeConfig(name: string, text: string): Promise<Record<string, string>> {
  const path = join(scratch, `${name}.yaml`)
  await writeFile(path, text)
  return { MODELGATE_CONFIG: path }
}

it('has its workers with it: a template of a custom API is compiled and tried', async () => {
  const file = join(scratch, 'custom.yaml')
  const template = (text: string) => `
models:
  - name: theirs
    connections:
      - name: only
        provider: custom
        model_name: x
        credentials: { creds_type: CUSTOM, secrets: { key: planted-secret-value } }
        custom:
          url: https://api.example.com/generate
          method: POST
          request: '{ "prompt": messages[-1].content }'
          response: { text: "${text}" }
`
  await writeFile(file, template('answer.text'))
  expect(await modelgate(['check-config'], { MODELGATE_CONFIG: file })).toMatchObject({ code: 0 })
  await writeFile(file, template('answer.('))
  expect(await modelgate(['check-config'], { MODELGATE_CONFIG: file })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('custom.response.text'),
  })
})

it('`modelgate serve` serves, and ends with 0 on SIGTERM', async () => {
  const child = spawn(join(consumer, 'node_modules/.bin/modelgate'), ['serve'], {
    cwd: consumer,
    env: { PATH: process.env['PATH'] ?? '', HOME: consumer, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const hard = setTimeout(() => child.kill('SIGKILL'), 25_000)
  try {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const line = await until('the curl line', () => /^\s*(curl .*)$/m.exec(text)?.[1])
    const { stdout } = await run('sh', ['-c', line], { timeout: 10_000 })
    expect(stdout.trimEnd().endsWith('data: [DONE]')).toBe(true)
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
  } finally {
    clearTimeout(hard)
    child.kill('SIGKILL')
  }
})
