import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { failureReasons } from '../../src/core/failure.ts'
import { findPrometheus, promtool } from '../support/prometheus.ts'
import { alerts, prometheusFolder, ruleFiles, runbook } from './deployed.ts'

interface AlertCase {
  readonly alertname: string
  readonly exp_alerts: readonly unknown[]
}

const testFile = join(prometheusFolder, 'tests/alerts.test.yml')
const sections = new Map(
  runbook
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section]),
)

beforeAll(findPrometheus, 300_000)

it('Prometheus has nothing to say against configuration and rules', async () => {
  const config = await promtool(['check', 'config', '--lint-fatal', join(prometheusFolder, 'prometheus.yml')])
  expect(config).toMatchObject({
    code: 0,
    output: expect.stringContaining(`${ruleFiles.length} rule files found`),
  })
  expect(config.output).not.toMatch(/warn|fail/i)
})

it('each alert fires when it should, and not when it should not', async () => {
  const result = await promtool(['test', 'rules', testFile])
  expect(result.output).toContain('SUCCESS')
  expect(result.code).toBe(0)
  const { tests } = parse(readFileSync(testFile, 'utf8')) as {
    tests: { alert_rule_test: AlertCase[] }[]
  }
  const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test)
  const tried = (fires: boolean) =>
    new Set(
      cases.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname),
    )
  const names = new Set(alerts.map(({ alert }) => alert))
  expect(names.size).toBe(alerts.length)
  expect(names.difference(tried(true))).toEqual(new Set())
  expect(names.difference(tried(false))).toEqual(new Set())
})

describe.each(alerts)('$alert', ({ alert, annotations, labels }) => {
  it('says what it is, how bad, and where to read on', () => {
    expect(labels['severity']).toMatch(/^(critical|warning)$/)
    expect(Object.keys(annotations)).toEqual(['summary', 'description', 'runbook_url'])
    expect(annotations['runbook_url']).toBe(`docs/runbook.md#${alert.toLowerCase()}`)
  })

  it('has a section in the runbook: meaning, what to look at, what to do', () => {
    const section = sections.get(alert) ?? ''
    for (const part of [/^\*\*It means\*\* /m, /^\*\*Look at\*\*/m, /^\*\*Do\*\*/m])
      expect(section).toMatch(part)
  })
})

it('the runbook has no section of an alert that is none', () => {
  const names = alerts.map(({ alert }) => alert)
  expect([...sections.keys()].filter((name) => name.startsWith('Modelgate'))).toEqual(
    expect.arrayContaining(names),
  )
  expect([...sections.keys()].filter((name) => !names.includes(name))).toEqual(['Where to look'])
})

it('the runbook knows every reason', () => {
  const table = sections.get('Where to look') ?? ''
  expect(failureReasons.filter((reason) => !table.includes(`\`${reason}\``))).toEqual([])
})
