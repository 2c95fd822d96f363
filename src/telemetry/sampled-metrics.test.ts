import { describe, expect, it } from 'vitest'
import { openMetrics, valueOf } from './testing/scrape.ts'

describe('gauges', () => {
  it('are read at each scrape, so that a removed connection is gone', async () => {
    const metrics = openMetrics()
    const states = new Map<string, 'ready' | 'cooling'>([
      ['main', 'ready'],
      ['spare', 'cooling'],
    ])
    metrics.sample.connections(() =>
      [...states].map(([connection, state]) => ({ model: 'gpt', connection, state })),
    )
    const state = (connection: string, name: string) =>
      valueOf(metrics, 'modelgate_connection_state', { connection, state: name })
    expect([await state('main', 'ready'), await state('main', 'cooling')]).toEqual([1, 0])
    expect([await state('spare', 'ready'), await state('spare', 'cooling')]).toEqual([0, 1])
    states.delete('spare')
    states.set('main', 'cooling')
    expect([await state('main', 'ready'), await state('main', 'cooling')]).toEqual([0, 1])
    expect(await state('spare', 'cooling')).toBeNull()
  })

  it('show credentials, health checks, the snapshot and requests in flight', async () => {
    const metrics = openMetrics()
    metrics.sample.inflight(() => 3)
    metrics.sample.snapshotAge(() => 1.5)
    metrics.sample.healthChecks(() => [{ model: 'gpt', connection: 'main', checkedAt: 1_700_000_000_500 }])
    metrics.sample.credentials(() => [
      { credential: 'openai-main', ageSeconds: 60, expiresInSeconds: -5, status: 'error' },
    ])
    expect(await valueOf(metrics, 'modelgate_credential_age_seconds')).toBe(60)
    expect(await valueOf(metrics, 'modelgate_credential_expires_seconds')).toBe(-5)
    expect(await valueOf(metrics, 'modelgate_credential_status', { status: 'error' })).toBe(1)
    expect(await valueOf(metrics, 'modelgate_credential_status', { status: 'active' })).toBe(0)
    expect(await valueOf(metrics, 'modelgate_health_last_check_timestamp_seconds')).toBe(1_700_000_000.5)
    expect(await valueOf(metrics, 'modelgate_snapshot_age_seconds')).toBe(1.5)
    expect(await valueOf(metrics, 'modelgate_inflight_requests')).toBe(3)
  })

  it('leave out when a credential expires that does not', async () => {
    const metrics = openMetrics()
    metrics.sample.credentials(() => [
      { credential: 'a', ageSeconds: 1, expiresInSeconds: null, status: 'active' },
    ])
    expect(await valueOf(metrics, 'modelgate_credential_expires_seconds')).toBeNull()
    expect(await valueOf(metrics, 'modelgate_credential_age_seconds')).toBe(1)
  })

  it('take one source', () => {
    const metrics = openMetrics()
    metrics.sample.inflight(() => 1)
    expect(() => metrics.sample.inflight(() => 2)).toThrow('already been registered')
  })
})
