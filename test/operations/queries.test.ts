import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type PrometheusServer, findPrometheus, promtool, startPrometheus } from '../support/prometheus.ts'
import { until } from '../support/wait.ts'
import { createBusyScene, type BusyScene, workerExposition } from './busy-scene.ts'
import {
  dashboardQueries,
  dashboards,
  type Query,
  ruleQueries,
  rules,
  runbook,
  runbookQueries,
} from './deployed.ts'
import { faultsOf, readExpression, type Series, seriesOf } from './promql.ts'

let busy: BusyScene
let prometheus: PrometheusServer
let exposed: Series[]
let known: Series[]

/** What a recorded series is labelled with: the labels that its rule keeps. */
const recorded: readonly Series[] = rules.flatMap(({ record, expr }) =>
  record === undefined
    ? []
    : [
        {
          name: record,
          labels: Object.fromEntries(
            readExpression(expr).groupings.flatMap(({ labels }) => labels.map((label) => [label, ''])),
          ),
        },
      ],
)

beforeAll(async () => {
  await findPrometheus()
  busy = await createBusyScene()
  exposed = [await busy.exposition(), await workerExposition()].flatMap(seriesOf)
  known = [...exposed, ...recorded, { name: 'up', labels: {} }]
  const target = new URL(busy.scene.gateway.url).host
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [{ job_name: 'modelgate', static_configs: [{ targets: [target] }] }],
  }
  prometheus = await startPrometheus({ files: { 'prometheus.yml': stringify(config) } })
  const scrapes = 'min(count_over_time(modelgate_requests_total[1m])) >= 2'
  await until('two scrapes', async () => (await prometheus.query(scrapes)).length > 0, { everyMs: 200 })
}, 300_000)

afterAll(async () => {
  await prometheus?.stop()
  await busy?.stop()
})

function faultsIn(queries: readonly Query[]): string[] {
  return queries.flatMap(({ where, expression }) =>
    faultsOf(expression, known).map((fault) => `${where}: ${fault}`),
  )
}

/** What Prometheus's own parser says of each; empty where it takes them all. */
async function refusals(queries: readonly Query[]): Promise<string[]> {
  const answers = await Promise.allSettled(
    queries.map(({ expression }) =>
      prometheus.get(`/api/v1/format_query?${new URLSearchParams({ query: expression }).toString()}`),
    ),
  )
  return answers.flatMap((answer, index) =>
    answer.status === 'rejected' ? [`${queries[index]?.where}: ${String(answer.reason)}`] : [],
  )
}

describe.each([
  ['rules', ruleQueries, 20],
  ['dashboards', dashboardQueries, 40],
  ['the runbook', runbookQueries, 20],
])('the queries of %s', (_, queries, least) => {
  it('are there', () => expect(queries.length).toBeGreaterThan(least))

  it('are PromQL', async () => expect(await refusals(queries)).toEqual([]))

  it('name metrics, labels and values that a running gateway exposes', () => {
    expect(faultsIn(queries)).toEqual([])
  })
})

it.each([
  ['dashboards', dashboardQueries],
  ['the runbook', runbookQueries.filter(({ expression }) => !expression.endsWith(' == 1'))],
])('the queries of %s answer something', async (_, queries) => {
  const answers = await Promise.all(
    queries.map(async (query) => ({ query, samples: await prometheus.query(query.expression) })),
  )
  expect(answers.filter(({ samples }) => samples.length === 0).map(({ query }) => query)).toEqual([])
})

it('variables take their values from labels that are there', () => {
  const definitions = dashboards.flatMap(({ templating }) =>
    templating.list.flatMap(({ definition }) => definition ?? []),
  )
  expect(definitions.length).toBeGreaterThan(dashboards.length)
  const faults = definitions.flatMap((definition) => {
    const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? []
    const expression = `count by (${label}) (${selector.replaceAll(/"\$\w+"/g, '".*"')})`
    return faultsOf(expression, known).map((fault) => `${definition}: ${fault}`)
  })
  expect(faults).toEqual([])
})

it.each([
  ['sum(rate(modelgate_request_total[5m]))', 'planted: there is no modelgate_request_total'],
  [
    'sum by (connexion) (modelgate_connection_state)',
    'planted: modelgate_connection_state has no label connexion',
  ],
  ['modelgate_connection_state{status="ready"}', 'planted: modelgate_connection_state has no label status'],
  [
    'modelgate_connection_state{state="healthy"}',
    'planted: no series of modelgate_connection_state has state="healthy"',
  ],
])('finds what is wrong with %s', (expression, fault) => {
  expect(faultsIn([{ where: 'planted', expression }])).toEqual([fault])
})

it('finds what is no PromQL, and what answers nothing', async () => {
  const broken = await refusals([{ where: 'planted', expression: 'sum by (model) rate(up[5m])' }])
  expect(broken).toEqual([expect.stringContaining('parse error')])
  expect(await prometheus.query('modelgate_request_total')).toEqual([])
})

it('promtool has nothing to say against the names and helps of the metrics', async () => {
  expect(await promtool(['check', 'metrics'], await busy.exposition())).toEqual({ code: 0, output: '' })
  const planted = '# HELP a_total Things.\n# TYPE a_total gauge\na_total 1\n'
  expect((await promtool(['check', 'metrics'], planted)).code).not.toBe(0)
})

it('the runbook names what the control plane has', async () => {
  const answer = await busy.scene.request('/ai/openapi.json')
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> }
  const named = [...runbook.matchAll(/`(GET|POST|PATCH|DELETE) (\/[^`\s]+)`/g)]
  expect(named.length).toBeGreaterThan(10)
  const missing = named.filter(([, method = '', path = '']) => {
    const operations = paths[path] ?? paths[path.replace('/ai/api/v1', '')] ?? {}
    return !(method.toLowerCase() in operations)
  })
  expect(missing.map(([whole]) => whole)).toEqual([])
})
