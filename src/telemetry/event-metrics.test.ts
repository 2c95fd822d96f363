import { describe, expect, it } from 'vitest'
import { openMetrics, valueOf } from './testing/scrape.ts'

describe('events', () => {
  it('are counted by their words', async () => {
    const metrics = openMetrics()
    metrics.cooldown('rate_limit')
    metrics.healthCheck('success')
    metrics.healthCheck('timeout')
    metrics.authFailure('expired')
    metrics.authFailure('expired')
    metrics.tokenExchange('sts', 'failure')
    metrics.jwksRefresh('https://issuer.test', 'unreachable')
    expect(await valueOf(metrics, 'modelgate_cooldowns_total', { reason: 'rate_limit' })).toBe(1)
    expect(await valueOf(metrics, 'modelgate_health_checks_total', { result: 'timeout' })).toBe(1)
    expect(await valueOf(metrics, 'modelgate_auth_failures_total', { reason: 'expired' })).toBe(2)
    expect(
      await valueOf(metrics, 'modelgate_token_exchanges_total', { kind: 'sts', result: 'failure' }),
    ).toBe(1)
    const refresh = { issuer: 'https://issuer.test', result: 'unreachable' }
    expect(await valueOf(metrics, 'modelgate_jwks_refreshes_total', refresh)).toBe(1)
  })

  it('switch gauges on and off', async () => {
    const metrics = openMetrics()
    expect(await valueOf(metrics, 'modelgate_draining')).toBe(0)
    metrics.draining(true)
    metrics.redisUp(true)
    expect(await valueOf(metrics, 'modelgate_draining')).toBe(1)
    expect(await valueOf(metrics, 'modelgate_redis_up')).toBe(1)
    metrics.redisUp(false)
    expect(await valueOf(metrics, 'modelgate_redis_up')).toBe(0)
  })
})
