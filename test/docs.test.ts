import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadFile } from '../src/config/load.ts'
import { createProviders } from '../src/providers/index.ts'
import { presets } from '../src/providers/openai/presets.ts'
import { type Gateway, startGateway } from './support/gateway.ts'
import { codeBlocks, fillIn, headingSlugs, linksIn, matches, tableRows } from './support/markdown.ts'
import { until } from './support/wait.ts'

const root = new URL('..', import.meta.url).pathname
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const markdownIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))

const providerPages = markdownIn('docs/providers')
const ownPages = ['docs/operations.md', 'docs/security.md', 'docs/upgrade.md']
const allPages = ['README.md', 'CONTRIBUTING.md', 'bench/README.md', ...markdownIn('docs')]
const catalogue = createProviders()

afterAll(() => catalogue.get('custom')?.close?.())

describe('links', () => {
  it.each(allPages)('of %s lead to files and headings that are there', (page) => {
    const broken = linksIn(read(page)).filter(
      ({ target }) => !/^[a-z]+:/.test(target) && !leads(page, target),
    )
    expect(broken).toEqual([])
  })

  it('that lead nowhere are seen', () => {
    expect(leads('README.md', 'docs/nothing.md')).toBe(false)
    expect(leads('README.md', 'docs/errors.md#nothing')).toBe(false)
    expect(leads('README.md', 'docs/deployment.md#systemd')).toBe(true)
  })
})

function leads(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? join(root, page) : resolve(root, dirname(page), path)
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined || relative(root, file).startsWith('..')) return false
  return anchor === undefined || headingSlugs(readFileSync(file, 'utf8')).has(anchor)
}

const serviceAccount = JSON.stringify({
  client_email: 'a@example.iam.gserviceaccount.com',
  private_key: 'pem',
})

/** The faults of a configuration, as an operator is told them. */
async function faultsOf(text: string): Promise<readonly unknown[]> {
  const path = '/examples/modelgate.yaml'
  const texts = (named: string) => (named.endsWith('.json') ? serviceAccount : 'from-a-file')
  const result = await loadFile({
    path,
    environment: environmentFor(text),
    readFile: async (asked) => ({ version: '1', text: asked === path ? text : texts(asked) }),
    providers: catalogue,
  })
  return 'faults' in result ? result.faults : []
}

/** Every variable that a text asks for, with a value, and the master key that shared state asks for. */
function environmentFor(text: string): Record<string, string> {
  const asked = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => [name, `the-${name}`])
  return { MODELGATE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'), ...Object.fromEntries(asked) }
}

describe('configuration in the documentation', () => {
  const examples = ['README.md', ...providerPages, ...ownPages].flatMap((page) =>
    codeBlocks(read(page), 'yaml').map(({ text, line }) => ({ place: `${page}:${line}`, text })),
  )

  it.each(examples)('$place is taken as it is', async ({ text }) => {
    expect(await faultsOf(text)).toEqual([])
  })

  it('with a fault is not', async () => {
    expect(await faultsOf('models: [{ name: a, conections: [] }]')).not.toEqual([])
  })

  it('is on every provider’s page', () => {
    const without = providerPages.filter((page) => codeBlocks(read(page), 'yaml').length === 0)
    expect(without).toEqual([])
  })

  it('has every setting with its default in the table of the README', () => {
    const schema = JSON.parse(read('config/modelgate.schema.json')) as Schema
    const told = new Map<string, string>()
    for (const [keys = '', value = ''] of tableRows(read('README.md')))
      for (const [, key = ''] of keys.matchAll(/`([\w.]+)`/g)) told.set(key, value.replaceAll('`', ''))
    const wrong = settingsOf(schema).filter(
      ({ path, value }) => !told.has(path) || (value !== undefined && told.get(path) !== value),
    )
    expect(wrong).toEqual([])
  })
})

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly default?: unknown
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

const entities = new Set(['credentials', 'models', 'teams', 'routes'])

/** The leaves, those of an issuer too; `value` is the default as a reader would write it. */
function settingsOf(schema: Schema, path = ''): { path: string; value: string | undefined }[] {
  const one =
    path === 'auth.issuers' ? (schema.items ?? schema.anyOf?.find(({ items }) => items)?.items) : schema
  const { properties } = [one, ...(one?.anyOf ?? [])].find((part) => part?.properties !== undefined) ?? {}
  const inner = path === 'state.redis.tls' || entities.has(path) ? [] : Object.entries(properties ?? {})
  if (inner.length > 0)
    return inner.flatMap(([name, part]) => settingsOf(part, path === '' ? name : `${path}.${name}`))
  const { default: value } = schema
  return [
    {
      path,
      value: value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value),
    },
  ]
}

describe('what a provider’s page says', () => {
  it('names every preset with its address, operations and parameters', () => {
    const quoted = (names: readonly string[] = []) =>
      names.length === 0 ? '–' : names.map((name) => `\`${name}\``).join(', ')
    const rows = presets.map(({ id, baseUrl, key, operations = [...allOperations], refuse, drop }) => [
      `\`${id}\``,
      baseUrl === null ? 'named by the credential' : `\`${baseUrl}\``,
      key,
      operations.join(', '),
      quoted(refuse),
      quoted(drop),
    ])
    const told = tableRows(read('docs/providers/openai.md'))
    expect(told).toEqual(expect.arrayContaining(rows))
  })

  it.each([
    ['azure.md', 'azure_openai'],
    ['bedrock.md', 'bedrock'],
    ['google.md', 'google'],
  ])('%s names every field of the credential', (page, id) => {
    const text = read(`docs/providers/${page}`)
    const missing = catalogue.get(id)?.fields.filter(({ name }) => !text.includes(`\`${name}\``))
    expect(missing).toEqual([])
  })

  it('is there for every provider that is no preset', () => {
    const index = read('docs/providers/README.md')
    const missing = [...catalogue.values()].filter(
      ({ id, presetOf }) => presetOf === undefined && !index.includes(`\`${id}\``),
    )
    expect(missing.map(({ id }) => id)).toEqual([])
  })
})

const allOperations = ['chat', 'completions', 'embeddings'] as const

describe('requests in the documentation', () => {
  const requests = providerPages.flatMap((page) =>
    codeBlocks(read(page), 'http').map(({ text, line }) => {
      const [, method = '', path = '', body = ''] = /^(\w+) (\S+)\n\n([^]*)$/.exec(text) ?? []
      return { page, place: `${basename(page)}:${line} ${path}`, method, path, body }
    }),
  )
  let gateway: Gateway
  let admin: string
  const ajv = new Ajv({ strict: false, formats: { 'date-time': true } })

  beforeAll(async () => {
    gateway = await startGateway({ config: { health: { enabled: false } } })
    admin = await printed(gateway, /admin token\s+(\S+)/)
    ajv.addSchema(await call('/ai/openapi.json', 'GET'), 'document')
  })
  afterAll(() => gateway.stop())

  async function call(path: string, method: string, body?: string): Promise<Record<string, unknown>> {
    const response = await fetch(gateway.url + path, {
      method,
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(10_000),
    })
    return { ...((await response.json()) as object), status_code: response.status }
  }

  it('are there for every provider', () => {
    const pages = new Set(requests.map(({ page }) => basename(page)))
    expect(pages.size).toBe(providerPages.length - 1)
  })

  // What is validated would be asked of the providers themselves, so that its body is only held to the document.
  const isSent = (path: string) => !path.endsWith('/validate')

  it('are taken by the control plane: 201', async () => {
    const made = new Map<string, string>()
    const answers = []
    for (const { page, place, method, path, body } of requests.filter((request) => isSent(request.path))) {
      const filled = body.replaceAll('CREDENTIAL', made.get(page) ?? '')
      const { status_code: status, id, error } = await call(path, method, onPage(page, filled))
      if (path.endsWith('/llm_credentials')) made.set(page, String(id))
      answers.push({ place, status, error })
    }
    expect(answers.length).toBeGreaterThan(20)
    expect(answers.filter(({ status }) => status !== 201)).toEqual([])
  })

  it('are what the OpenAPI document describes', () => {
    const wrong = requests.flatMap(({ place, method, path, body }) => {
      const pointer = path.replace('CREDENTIAL', '{id}').replaceAll('/', '~1').replace('{id}', '%7Bid%7D')
      const at = `document#/paths/${pointer}/${method.toLowerCase()}/requestBody/content/application~1json/schema`
      const check = ajv.getSchema(at)
      if (check === undefined) return [{ place, error: `there is no ${at}` }]
      return check(JSON.parse(body)) ? [] : [{ place, error: ajv.errorsText(check.errors) }]
    })
    expect(wrong).toEqual([])
  })
})

/** Pages declare models of the same names, which are one gateway's here. */
function onPage(page: string, body: string): string {
  const value = JSON.parse(body) as Record<string, unknown>
  return JSON.stringify({ ...value, name: `${basename(page)} ${String(value['name'])}` })
}

it('every dependency is in the decision on them, and none that is not there', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, object>
  const rows = tableRows(read('docs/decisions/2026-11-21-dependencies.md'))
  const told = rows.flatMap(([names = '']) => [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name))
  const names = Object.keys({ ...dependencies, ...devDependencies })
  expect(names.length).toBeGreaterThan(20)
  expect(names.filter((name) => !told.includes(name))).toEqual([])
  const programs = [
    'redis-server',
    'openssl',
    'script',
    'prometheus',
    'promtool',
    'systemd-analyze',
    'buildah',
    'helm',
  ]
  expect(told.filter((name) => name !== undefined && ![...names, ...programs].includes(name))).toEqual([])
})

it('CONTRIBUTING leads to every folder that is at the root and in src', () => {
  const text = read('CONTRIBUTING.md')
  const folders = (of: string) =>
    readdirSync(join(root, of), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^\.|^(node_modules|dist|data|coverage)$/.test(entry.name))
      .map(({ name }) => name)
  expect(folders('.').filter((name) => !text.includes(`${name}/`))).toEqual([])
  expect(folders('src').filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([])
})

describe('the tour of the README', () => {
  let gateway: Gateway
  afterAll(() => gateway?.stop())

  it('goes as it is written', async () => {
    gateway = await startGateway({ config: { models: [echoModel] } })
    const tokens = {
      TEAM: await printed(gateway, /team token\s+(\S+)/),
      ADMIN: await printed(gateway, /admin token\s+(\S+)/),
      KEY: '',
    }
    const steps = codeBlocks(read('README.md'), 'console').flatMap(({ text }) => stepsIn(text))
    expect(steps.length).toBeGreaterThan(8)
    const known = new Map<string, string>()
    for (const { command, shown } of steps) {
      const said = fillIn(command, known).replaceAll('http://127.0.0.1:8080', gateway.url)
      const { stdout } = await shell('sh', ['-c', said], { env: { PATH: process.env['PATH'], ...tokens } })
      const id = /"id":"([0-9a-f]{24})"/
      const [documented, actual] = [id.exec(shown)?.[1], id.exec(stdout)?.[1]]
      if (documented !== undefined && actual !== undefined) known.set(documented, actual)
      tokens.KEY ||= /"key":"([^"]+)"/.exec(stdout)?.[1] ?? ''
      expect(matches(stdout, shown), `${command}\n${stdout}\nis not what is shown:\n${shown}`).toBe(true)
    }
  })
})

const shell = promisify(execFile)
const echoModel = {
  name: 'echo',
  builtin: true,
  connections: [
    { name: 'default', model_name: 'echo', credentials: { creds_type: 'API_KEY', provider: 'echo' } },
  ],
}

function stepsIn(console: string): { command: string; shown: string }[] {
  return console
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command = '', ...lines] = text.split('\n')
      return { command, shown: lines.join('\n') }
    })
}

function printed(gateway: Gateway, pattern: RegExp): Promise<string> {
  return until(`something like ${pattern}`, () => pattern.exec(gateway.output())?.[1])
}
