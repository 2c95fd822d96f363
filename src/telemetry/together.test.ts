import { describe, expect, it } from 'vitest'
import { parseExposition } from './testing/exposition.ts'
import { recordOf } from './testing/records.ts'
import { openMetrics } from './testing/scrape.ts'
import { createTotals, gaugeWays } from './together.ts'
import { createWorkerMetrics } from './worker-metrics.ts'

const family = (type: string, name: string, ...lines: string[]) =>
  [`# HELP ${name} Words.`, `# TYPE ${name} ${type}`, ...lines].join('\n')

describe('several processes’ expositions', () => {
  it('become one: counters and histograms are summed, gauges as the table says', async () => {
    const of = (count: number, up: number, inflight: number, age: number) =>
      [
        family('counter', 'a_total', `a_total{x="1"} ${count}`, `a_total{x="only ${count}"} 1`),
        family('histogram', 'h', `h_bucket{le="1"} ${count}`, `h_bucket{le="+Inf"} ${count}`, `h_sum 0.5`),
        family('gauge', 'modelgate_redis_up', `modelgate_redis_up ${up}`),
        family('gauge', 'modelgate_inflight_requests', `modelgate_inflight_requests ${inflight}`),
        family('gauge', 'modelgate_snapshot_age_seconds', `modelgate_snapshot_age_seconds ${age}`),
      ].join('\n\n')
    expect(await createTotals().render([of(2, 1, 3, 0.5), of(5, 0, 4, 7)])).toBe(
      `${[
        family('counter', 'a_total', 'a_total{x="1"} 7', 'a_total{x="only 2"} 1', 'a_total{x="only 5"} 1'),
        family('histogram', 'h', 'h_bucket{le="1"} 7', 'h_bucket{le="+Inf"} 7', 'h_sum 1'),
        family('gauge', 'modelgate_redis_up', 'modelgate_redis_up 0'),
        family('gauge', 'modelgate_inflight_requests', 'modelgate_inflight_requests 7'),
        family('gauge', 'modelgate_snapshot_age_seconds', 'modelgate_snapshot_age_seconds 7'),
      ].join('\n\n')}\n`,
    )
  })

  it('keep what a process counted that has ended, and not its gauges', async () => {
    const totals = createTotals()
    const text = `${family('counter', 'a_total', 'a_total 3')}\n${family('gauge', 'g', 'g 9')}`
    totals.retire(text)
    totals.retire(text)
    const shown = await totals.render([family('counter', 'a_total', 'a_total 1')])
    expect(shown).toBe(`${family('counter', 'a_total', 'a_total 7')}\n`)
  })

  it('are bounded, however many processes have ended', async () => {
    const totals = createTotals({ maxRetiredSeries: 2 })
    totals.retire(family('counter', 'a_total', 'a_total{x="1"} 1', 'a_total{x="2"} 1', 'a_total{x="3"} 1'))
    totals.retire(family('counter', 'a_total', 'a_total{x="1"} 1', 'a_total{x="4"} 1'))
    expect(await totals.render([])).toBe(
      `${family('counter', 'a_total', 'a_total{x="1"} 2', 'a_total{x="2"} 1')}\n`,
    )
  })

  it('may hold what is not a number, or has no bound', async () => {
    const lag = (value: string) =>
      family('gauge', 'nodejs_eventloop_lag_min_seconds', `nodejs_eventloop_lag_min_seconds ${value}`)
    const totals = createTotals()
    expect(await totals.render([lag('Nan'), lag('2')])).toContain('lag_min_seconds 2')
    expect(await totals.render([lag('Nan'), lag('Nan')])).toContain('lag_min_seconds NaN')
    expect(await totals.render([lag('+Inf'), lag('+Inf')])).toContain('lag_min_seconds +Inf')
    expect(await totals.render([lag('-Inf'), lag('4')])).toContain('lag_min_seconds -Inf')
  })

  it('of the gateway itself are the text format, with every request counted', async () => {
    const one = openMetrics({ withProcess: true })
    const other = openMetrics({ withProcess: true })
    const primary = createWorkerMetrics({ serving: () => 2 })
    for (const metrics of [one, one, other]) metrics.observeRequest(recordOf({ model: 'quote " } \n' }))
    const texts = [await primary.render(), await one.render(), await other.render()]
    const shown = parseExposition(await createTotals().render(texts))
    const values = shown.get('modelgate_requests_total')?.samples.map(({ value }) => value)
    expect(values).toEqual([3])
    expect(shown.get('modelgate_workers')?.samples).toMatchObject([{ value: 2 }])
    for (const metrics of [one, other]) metrics.close()
  })

  it('have a way for every gauge that there is', async () => {
    const metrics = openMetrics({ withProcess: true })
    metrics.redisUp(true)
    metrics.sample.inflight(() => 3)
    metrics.sample.snapshotAge(() => 1.5)
    metrics.sample.connections(() => [{ model: 'gpt', connection: 'main', state: 'ready' }])
    metrics.sample.healthChecks(() => [{ model: 'gpt', connection: 'main', checkedAt: 1 }])
    metrics.sample.credentials(() => [
      { credential: 'main', ageSeconds: 60, expiresInSeconds: -5, status: 'error' },
    ])
    const texts = [await metrics.render(), await createWorkerMetrics({ serving: () => 1 }).render()]
    const gauges = texts.flatMap((text) =>
      [...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name),
    )
    expect(gauges.length).toBeGreaterThan(25)
    expect(gauges.filter((name) => gaugeWays[name ?? ''] === undefined)).toEqual([])
    metrics.close()
  })
})
