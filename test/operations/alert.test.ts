import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { findPrometheus, type PrometheusServer, startPrometheus } from '../support/prometheus.ts'
import { createScene, type Scene } from '../support/scene.ts'
import { failure } from '../support/upstream.ts'
import { until } from '../support/wait.ts'
import { prometheusFolder, ruleFiles } from './deployed.ts'

interface Config {
  global: Record<string, string>
  scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[]
}

let scene: Scene
let prometheus: PrometheusServer

/** What is deployed, at a pace for tests: a second where there were fifteen, and where there were minutes. */
function deployedFiles(target: string): Record<string, string> {
  const text = (name: string) => readFileSync(join(prometheusFolder, name), 'utf8')
  const config = parse(text('prometheus.yml')) as Config
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' }
  for (const { static_configs } of config.scrape_configs) {
    for (const fixed of static_configs) fixed.targets = [target]
  }
  const quick = (rules: string) => rules.replaceAll(/^( *for:) \d+[mh]$/gm, '$1 1s')
  return {
    'prometheus.yml': stringify(config),
    ...Object.fromEntries(ruleFiles.map((name) => [name, quick(text(name))])),
  }
}

beforeAll(async () => {
  await findPrometheus()
  scene = await createScene()
  prometheus = await startPrometheus({ files: deployedFiles(new URL(scene.gateway.url).host) })
}, 300_000)

afterAll(async () => {
  await prometheus?.stop()
  await scene?.stop()
})

async function firing(): Promise<Record<string, Readonly<Record<string, string>>>> {
  const alerts = await prometheus.alerts()
  return Object.fromEntries(
    alerts
      .filter(({ state }) => state === 'firing')
      .map(({ labels, annotations }) => [labels['alertname'] ?? '', { ...annotations, ...labels }]),
  )
}

it('Prometheus, set up as deployed, tells of a model whose only connection is out', async () => {
  const patience = { timeoutMs: 15_000, everyMs: 200 }
  expect((await scene.chat()).status).toBe(200)
  const ratio = 'job:modelgate_requests_failed:rate5m / job:modelgate_requests:rate5m'
  await until('rates are recorded', async () => (await prometheus.query(ratio)).length > 0, patience)
  expect(await prometheus.query('up')).toMatchObject([{ metric: { job: 'modelgate' }, value: 1 }])
  // The gateway was not there in the first moment, which with these waits is enough to tell of it.
  await until('nothing is amiss', async () => Object.keys(await firing()).length === 0, patience)

  const { main } = scene.upstreams
  if (main === undefined) throw new Error('no upstream')
  main.script = failure(401, 'Incorrect API key provided', {}, 'invalid_api_key')
  expect((await scene.chat()).status).toBe(502)
  const alert = await until(
    'the alert fires',
    async () => (await firing())['ModelgateNoHealthyConnection'],
    patience,
  )
  expect(alert).toMatchObject({
    job: 'modelgate',
    model: 'gpt',
    severity: 'critical',
    summary: 'Model gpt has no healthy connection',
    runbook_url: 'docs/runbook.md#modelgatenohealthyconnection',
  })
}, 55_000)
