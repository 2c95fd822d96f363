import { expect, it } from 'vitest'
import { readServerFacts } from './server-facts.ts'

const info = (fields: Record<string, string>) =>
  ['# Server', ...Object.entries(fields).map(([name, value]) => `${name}:${value}`), ''].join('\r\n')

const well = { redis_version: '7.0.15', loading: '0', role: 'master', maxmemory_policy: 'noeviction' }

it('finds nothing to say of a server that is as it should be, or says nothing', () => {
  for (const text of [info(well), '']) expect(readServerFacts(text)).toEqual({ unfit: null, warnings: [] })
})

it.each([
  [{ maxmemory_policy: 'allkeys-lru' }, 'allkeys-lru'],
  [{ redis_version: '6.2.14' }, '6.2.14'],
])('warns of %j', (fields, part) => {
  const { unfit, warnings } = readServerFacts(info({ ...well, ...fields }))
  expect(unfit).toBeNull()
  expect(warnings).toEqual([expect.stringContaining(part)])
})

it.each([
  [{ role: 'slave' }, 'replica'],
  [{ loading: '1' }, 'reading'],
])('does not take one with %j', (fields, part) => {
  expect(readServerFacts(info({ ...well, ...fields })).unfit).toContain(part)
})

it('has two digits for a version', () => {
  expect(readServerFacts(info({ ...well, redis_version: '10.1.0' })).warnings).toEqual([])
})
