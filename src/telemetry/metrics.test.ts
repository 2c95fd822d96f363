import { describe, expect, it } from 'vitest'
import type { Metrics } from './metrics.ts'
import type { ParsedSample } from './testing/exposition.ts'
import { recordOf } from './testing/records.ts'
import { openMetrics, scrape } from './testing/scrape.ts'

const place = ['operation', 'model', 'provider', 'connection']

/** Design §10, name by name. */
const contract: readonly (readonly [name: string, type: string, labels: readonly string[]])[] = [
  ['modelgate_requests_total', 'counter', [...place, 'team', 'status']],
  ['modelgate_request_duration_seconds', 'histogram', place],
  ['modelgate_time_to_first_token_seconds', 'histogram', place],
  ['modelgate_overhead_seconds', 'histogram', place],
  ['modelgate_tokens_total', 'counter', ['model', 'provider', 'connection', 'team', 'type']],
  ['modelgate_upstream_attempts_total', 'counter', ['model', 'provider', 'connection', 'outcome']],
  ['modelgate_failovers_total', 'counter', ['reason']],
  ['modelgate_stream_errors_total', 'counter', ['reason']],
  ['modelgate_client_aborts_total', 'counter', []],
  ['modelgate_inflight_requests', 'gauge', []],
  ['modelgate_connection_state', 'gauge', ['model', 'connection', 'state']],
  ['modelgate_cooldowns_total', 'counter', ['reason']],
  ['modelgate_health_checks_total', 'counter', ['result']],
  ['modelgate_auth_failures_total', 'counter', ['reason']],
  ['modelgate_redis_up', 'gauge', []],
  ['modelgate_snapshot_age_seconds', 'gauge', []],
  ['modelgate_credential_age_seconds', 'gauge', ['credential']],
  ['modelgate_credential_expires_seconds', 'gauge', ['credential']],
  ['modelgate_credential_status', 'gauge', ['credential', 'status']],
  ['modelgate_health_last_check_timestamp_seconds', 'gauge', ['model', 'connection']],
  ['modelgate_token_exchanges_total', 'counter', ['kind', 'result']],
  ['modelgate_jwks_refreshes_total', 'counter', ['issuer', 'result']],
  ['modelgate_draining', 'gauge', []],
  ['modelgate_build_info', 'gauge', ['version', 'node']],
]

const buckets: Readonly<Record<string, string>> = {
  modelgate_request_duration_seconds:
    '0.01 0.02 0.04 0.08 0.16 0.32 0.64 1.28 2.56 5.12 10.24 20.48 40.96 81.92 +Inf',
  modelgate_time_to_first_token_seconds:
    '0.001 0.005 0.01 0.02 0.04 0.06 0.08 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 +Inf',
  modelgate_overhead_seconds: '0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.1 +Inf',
}

/** One of everything. */
function touch(metrics: Metrics): void {
  metrics.observeRequest(recordOf())
  metrics.authFailure('expired')
  metrics.tokenExchange('sts', 'success')
  metrics.jwksRefresh('https://issuer.test', 'success')
  metrics.redisUp(true)
  metrics.sample.inflight(() => 3)
  metrics.sample.snapshotAge(() => 1.5)
  metrics.sample.connections(() => [{ model: 'gpt', connection: 'main', state: 'ready' }])
  metrics.sample.healthChecks(() => [{ model: 'gpt', connection: 'main', checkedAt: 1_700_000_000_500 }])
  metrics.sample.credentials(() => [
    { credential: 'openai-main', ageSeconds: 60, expiresInSeconds: -5, status: 'error' },
  ])
}

describe('the exposition', () => {
  it('holds exactly the metrics, types and labels of the contract', async () => {
    const metrics = openMetrics()
    touch(metrics)
    const byName = ([one = '']: unknown[], [other = '']: unknown[]) => (String(one) < String(other) ? -1 : 1)
    const labelsOf = ({ labels }: ParsedSample) =>
      Object.keys(labels)
        .filter((label) => label !== 'le')
        .toSorted()
    const shown = [...(await scrape(metrics)).values()].flatMap(({ name, type, samples }) =>
      [...new Set(samples.map((sample) => labelsOf(sample).join()))].map((labels) => [name, type, labels]),
    )
    const expected = contract.map(([name, type, labels]) => [name, type, labels.toSorted().join()])
    expect(shown.toSorted(byName)).toEqual(expected.toSorted(byName))
  })

  it.each(Object.entries(buckets))('%s has its buckets', async (name, bounds) => {
    const metrics = openMetrics()
    metrics.observeRequest(recordOf())
    const samples = (await scrape(metrics)).get(name)?.samples ?? []
    const shown = samples.flatMap(({ labels }) => labels['le'] ?? [])
    expect(shown.join(' ')).toBe(bounds)
  })

  it('has prom-client’s process and event-loop metrics beside them', async () => {
    const metrics = openMetrics({ withProcess: true })
    const names = [...(await scrape(metrics)).keys()]
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
    ])
      expect(names).toContain(name)
    metrics.close()
    expect(await metrics.render()).not.toContain('nodejs_')
  })

  it('is in the text format, each metric once, whatever the names are', async () => {
    const metrics = openMetrics()
    const odd = 'quote " slash \\ line\nfeed \ud800 {}=, ünï'
    metrics.observeRequest(recordOf({ model: odd, connection: odd, team: odd }))
    metrics.sample.connections(() => [{ model: odd, connection: odd, state: 'ready' }])
    const labels = (await scrape(metrics)).get('modelgate_requests_total')?.samples[0]?.labels
    expect(labels).toMatchObject({ model: odd.toWellFormed(), connection: odd.toWellFormed() })
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
  })

  it('does not show what does not exist here', async () => {
    const text = await openMetrics().render()
    for (const name of ['redis_up', 'snapshot_age', 'inflight', 'credential_', 'connection_state'])
      expect(text).not.toContain(`modelgate_${name}`)
  })

  it('rejects where a source throws', async () => {
    const metrics = openMetrics()
    metrics.sample.inflight(() => {
      throw new Error('no count')
    })
    await expect(metrics.render()).rejects.toThrow('no count')
  })
})
