import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { dashboards, filledIn, grafanaFolder, type Panel } from './deployed.ts'
import { readExpression } from './promql.ts'

const compose = parse(readFileSync(join(grafanaFolder, '../compose.yaml'), 'utf8')) as {
  services: Record<string, { volumes: string[] }>
}

function provisioned<Content>(path: string): Content {
  return parse(readFileSync(join(grafanaFolder, 'provisioning', path), 'utf8')) as Content
}

/** Labels that the series of a query's answer have: the outermost grouping's. */
function answeredLabels(expression: string): readonly string[] {
  const { groupings, selectors } = readExpression(filledIn(expression))
  const outermost = groupings.toSorted((one, other) => other.to - other.from - (one.to - one.from))[0]
  return outermost?.labels ?? (selectors.length === 1 ? ['instance', 'job'] : [])
}

function overlap(one: Panel, other: Panel): boolean {
  const [a, b] = [one.gridPos, other.gridPos]
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

it('there are three, each with an id of its own', () => {
  expect(dashboards.map(({ uid }) => uid).toSorted()).toEqual([
    'modelgate-connections',
    'modelgate-tokens',
    'modelgate-traffic',
  ])
})

describe.each(dashboards)('$title', ({ panels, templating }) => {
  it('has panels that do not lie on one another', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const pairs = panels.flatMap((one, index) =>
      panels.slice(index + 1).map((other) => [one, other] as const),
    )
    expect(pairs.filter(([one, other]) => overlap(one, other)).map(([one]) => one.title)).toEqual([])
    expect(panels.filter(({ gridPos }) => gridPos.x + gridPos.w > 24)).toEqual([])
  })

  it('asks the data source that is chosen, and of each panel something', () => {
    const asking = panels.filter(({ type }) => type !== 'row')
    expect(asking.length).toBeGreaterThan(8)
    expect(asking.filter(({ datasource }) => datasource?.uid !== '${datasource}')).toEqual([])
    expect(asking.filter(({ targets = [] }) => targets.length === 0)).toEqual([])
  })

  it('uses the variables it has, and has those it uses', () => {
    const names = templating.list.map(({ name }) => name)
    const used = panels.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name)),
    )
    const own = new Set(used.filter((name) => !name?.startsWith('__')))
    expect(own).toEqual(new Set(names.filter((name) => name !== 'datasource')))
  })

  it('names series by labels that they have', () => {
    const faults = panels.flatMap(({ title, targets = [] }) =>
      targets.flatMap(({ expr, legendFormat }) =>
        [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)]
          .map(([, label = '']) => label)
          .filter((label) => !answeredLabels(expr).includes(label))
          .map((label) => `${title}: ${label}`),
      ),
    )
    expect(faults).toEqual([])
  })
})

it('finds a legend by a label that the answer has not', () => {
  expect(answeredLabels('sum by (model) (rate(modelgate_requests_total[$__rate_interval]))')).toEqual([
    'model',
  ])
  expect(answeredLabels('sum(modelgate_inflight_requests)')).not.toContain('model')
})

it('Grafana finds the dashboards and Prometheus where deploy/compose.yaml puts them', () => {
  const { providers } = provisioned<{ providers: { type: string; options: { path: string } }[] }>(
    'dashboards/modelgate.yaml',
  )
  const mounts = compose.services['grafana']?.volumes ?? []
  for (const { type, options } of providers) {
    expect(type).toBe('file')
    expect(mounts).toContain(`./grafana/dashboards:${options.path}:ro`)
  }
  expect(mounts).toContain('./grafana/provisioning:/etc/grafana/provisioning:ro')
  const { datasources } = provisioned<{ datasources: { type: string; url: string }[] }>(
    'datasources/prometheus.yaml',
  )
  expect(datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }])
  expect(Object.keys(compose.services)).toContain('prometheus')
})
