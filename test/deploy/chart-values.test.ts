import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { chart } from '../../tools/helm/render.ts'
import { codeBlocks } from '../support/markdown.ts'

type Values = Record<string, unknown>

const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as Values
const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as {
  properties: Values
}
const check = new Ajv({ strict: false }).compile(schema)

/** What the schema says against these values. */
const faultsOf = (given: Values) => (check(given) ? [] : (check.errors ?? []))

/** What the gateway itself, or Kubernetes, is the judge of. */
const free = /^(config|sidecar\.config|affinity|resources\.(requests|limits)|sidecar\.resources\.\w+)(\.|$)/

/** Every value that is no object with values in it, by its path. */
function leavesOf(of: Values, before: readonly string[] = []): { path: string[]; value: unknown }[] {
  return Object.entries(of).flatMap(([name, value]) => {
    const path = [...before, name]
    const isHolder = typeof value === 'object' && value !== null && Object.keys(value).length > 0
    return isHolder && !Array.isArray(value) ? leavesOf(value as Values, path) : [{ path, value }]
  })
}

function holdersOf(of: Values, before: readonly string[] = []): string[][] {
  const inner = Object.entries(of).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
      ? holdersOf(value as Values, [...before, name])
      : [],
  )
  return [[...before], ...inner]
}

function withValue(path: readonly string[], value: unknown): Values {
  const copy = structuredClone(values)
  const keys = [...path]
  const last = keys.pop() ?? ''
  const holder = keys.reduce((at, key) => at[key] as Values, copy)
  holder[last] = value
  return copy
}

/** A value of a type that the setting surely has not. */
function wrongFor(value: unknown): unknown {
  if (typeof value === 'string') return 7
  if (typeof value === 'boolean') return 'perhaps'
  if (Array.isArray(value)) return 'one, two'
  return typeof value === 'object' && value !== null ? ['x'] : 'many'
}

const leaves = leavesOf(values).filter(({ path }) => !free.test(path.join('.')))

it('the values as they come are taken', () => {
  expect(faultsOf(values)).toEqual([])
  expect(leaves.length).toBeGreaterThan(60)
})

describe('values.schema.json', () => {
  it.each(leaves)('refuses another type for $path', ({ path, value }) => {
    expect(check(withValue(path, wrongFor(value)))).toBe(false)
  })

  it('refuses a misspelt word at every place', () => {
    const places = holdersOf(values).filter((path) => !free.test(path.join('.')))
    expect(places.length).toBeGreaterThan(20)
    const taken = places.filter((path) => check(withValue([...path, 'misspelt'], 1)))
    expect(taken).toEqual([])
  })

  it('has no setting that values.yaml does not tell of', () => {
    const names = Object.keys(schema.properties).filter((name) => !['global', 'enabled'].includes(name))
    expect(names.toSorted()).toEqual(Object.keys(values).toSorted())
  })

  it.each<[string, string, unknown]>([
    ['a port that is none', 'service.port', 70_000],
    ['a port of the configuration that is none', 'config.listen.port', 0],
    ['half a replica', 'replicaCount', 1.5],
    ['a digest that is none', 'image.digest', 'sha256:abc'],
    ['a policy of pulling that is none', 'image.pullPolicy', 'Sometimes'],
    ['a password in the open', 'redis.url', 'rediss://user:secret@redis:6379'],
    ['an address of Redis that is none', 'redis.url', 'redis:6379'],
    ['a Redis without a port that may be reached', 'networkPolicy.redisPorts', []],
    ['an issuer by plain HTTP', 'clusterIdentity.issuer', 'http://kubernetes.default.svc'],
    ['an end before the beginning', 'terminationGracePeriodSeconds', 0],
    ['a pause of half a second', 'preStop.sleepSeconds', 0.5],
    ['a path that does not begin at the root', 'ingress.hosts', [{ host: 'a.test', paths: ['v1'] }]],
    ['a path without its host', 'ingress.hosts', [{ paths: ['/'] }]],
    ['a share of pods that is none', 'podDisruptionBudget.maxUnavailable', 'half'],
    ['a strategy that the chart chooses', 'strategy.type', 'Recreate'],
    ['a size that is none', 'persistence.size', '1 GB'],
    ['a time without its unit', 'serviceMonitor.interval', '30'],
  ])('refuses %s', (_, path, value) => {
    expect(check(withValue(path.split('.'), value))).toBe(false)
  })

  it.each<[string, unknown]>([
    ['podDisruptionBudget.maxUnavailable', '50%'],
    ['strategy.rollingUpdate.maxSurge', '25%'],
    ['terminationGracePeriodSeconds', 900],
    ['redis.url', 'rediss://redis.internal:6380/0'],
    ['enabled', true],
    ['config.workers', 'auto'],
  ])('takes %s: %s', (path, value) => {
    expect(faultsOf(withValue(path.split('.'), value))).toEqual([])
  })
})

const page = readFileSync(join(chart, '../../docs/deployment.md'), 'utf8')
const examples = codeBlocks(page, 'yaml').map(({ text, line }) => ({ line, given: parse(text) as Values }))

it.each(examples)('docs/deployment.md:$line is taken', ({ given }) => {
  expect(examples.length).toBeGreaterThan(2)
  expect(faultsOf(given)).toEqual([])
})
