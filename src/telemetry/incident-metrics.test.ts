import { describe, expect, it } from 'vitest'
import type { AttemptRecord } from '../core/record.ts'
import { attemptOf, recordOf } from './testing/records.ts'
import { openMetrics, valueOf } from './testing/scrape.ts'

describe('what goes wrong', () => {
  const tried = (connection: string, outcome: AttemptRecord['outcome']) => attemptOf({ connection, outcome })

  it('counts a failover where another connection was tried next, not where the same one was', async () => {
    const metrics = openMetrics()
    const attempts = [tried('a', 'network'), tried('a', 'rate_limit'), tried('b', 'success')]
    metrics.observeRequest(recordOf({ attempts }))
    expect(await valueOf(metrics, 'modelgate_failovers_total', { reason: 'rate_limit' })).toBe(1)
    expect(await valueOf(metrics, 'modelgate_failovers_total')).toBe(1)
  })

  it('counts answers that broke off by the reason', async () => {
    const metrics = openMetrics()
    metrics.observeRequest(recordOf({ outcome: 'stream_error', attempts: [tried('a', 'network')] }))
    metrics.observeRequest(recordOf({ outcome: 'error', status: 200, attempts: [tried('a', 'rate_limit')] }))
    metrics.observeRequest(recordOf({ outcome: 'error', status: 502, attempts: [tried('a', 'network')] }))
    metrics.observeRequest(
      recordOf({ outcome: 'error', status: 200, attempts: [], errorCode: 'no_healthy_connection' }),
    )
    const count = (reason: string) => valueOf(metrics, 'modelgate_stream_errors_total', { reason })
    expect([await count('network'), await count('rate_limit')]).toEqual([1, 1])
    expect(await count('no_healthy_connection')).toBe(1)
    expect(await valueOf(metrics, 'modelgate_stream_errors_total')).toBe(3)
  })

  it('counts clients that left', async () => {
    const metrics = openMetrics()
    metrics.observeRequest(recordOf({ outcome: 'aborted', status: 499 }))
    metrics.observeRequest(recordOf())
    expect(await valueOf(metrics, 'modelgate_client_aborts_total')).toBe(1)
  })

  it('starts at 0 for every known reason', async () => {
    const metrics = openMetrics()
    for (const name of ['failovers', 'stream_errors', 'cooldowns'])
      expect(await valueOf(metrics, `modelgate_${name}_total`, { reason: 'rate_limit' })).toBe(0)
    expect(await valueOf(metrics, 'modelgate_health_checks_total', { result: 'success' })).toBe(0)
  })
})
