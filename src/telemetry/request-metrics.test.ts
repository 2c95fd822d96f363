import { describe, expect, it } from 'vitest'
import { attemptOf, recordOf } from './testing/records.ts'
import { openMetrics, scrape, valueOf } from './testing/scrape.ts'

describe('a request', () => {
  it('is counted with its duration, first token, overhead and attempt', async () => {
    const metrics = openMetrics()
    metrics.observeRequest(recordOf({ durationMs: 100, upstreamMs: 99, firstTokenMs: 30 }))
    const labels = { operation: 'chat', model: 'gpt', provider: 'openai', connection: 'main' }
    expect(
      await valueOf(metrics, 'modelgate_requests_total', { ...labels, team: 'research', status: '200' }),
    ).toBe(1)
    expect(await valueOf(metrics, 'modelgate_request_duration_seconds_sum', labels)).toBeCloseTo(0.1, 9)
    expect(await valueOf(metrics, 'modelgate_time_to_first_token_seconds_sum', labels)).toBeCloseTo(0.03, 9)
    expect(await valueOf(metrics, 'modelgate_overhead_seconds_sum', labels)).toBeCloseTo(0.001, 9)
    expect(await valueOf(metrics, 'modelgate_upstream_attempts_total', { outcome: 'success' })).toBe(1)
  })

  it('falls into the bucket whose bound it does not exceed', async () => {
    const metrics = openMetrics()
    for (const durationMs of [10, 10.001, 81_920, 81_921]) metrics.observeRequest(recordOf({ durationMs }))
    const bucket = (le: string) => valueOf(metrics, 'modelgate_request_duration_seconds_bucket', { le })
    expect([await bucket('0.01'), await bucket('0.02'), await bucket('81.92'), await bucket('+Inf')]).toEqual(
      [1, 2, 3, 4],
    )
  })

  it('that is not streamed has no first token', async () => {
    const metrics = openMetrics()
    metrics.observeRequest(recordOf({ stream: false, firstTokenMs: 5 }))
    metrics.observeRequest(recordOf({ stream: true, firstTokenMs: null }))
    expect(await valueOf(metrics, 'modelgate_time_to_first_token_seconds_count')).toBeNull()
    expect(await valueOf(metrics, 'modelgate_request_duration_seconds_count')).toBe(2)
  })

  it('counts its tokens in types that do not overlap', async () => {
    const metrics = openMetrics()
    metrics.observeRequest(
      recordOf({ usage: { input: 10, output: 7, cachedInput: 4, cacheWrite: 1, reasoning: 2 } }),
    )
    const tokens = (type: string) => valueOf(metrics, 'modelgate_tokens_total', { type })
    expect([await tokens('input'), await tokens('cached_input')]).toEqual([6, 4])
    expect([await tokens('output'), await tokens('reasoning')]).toEqual([5, 2])
    expect(await valueOf(metrics, 'modelgate_tokens_total')).toBe(17)
  })

  it('is known by its model even where attempts went to another', async () => {
    const metrics = openMetrics()
    const first = attemptOf({ model: 'mini', provider: 'groq', connection: 'g', outcome: 'provider_down' })
    metrics.observeRequest(recordOf({ attempts: [first, ...recordOf().attempts] }))
    expect(
      await valueOf(metrics, 'modelgate_upstream_attempts_total', {
        model: 'mini',
        outcome: 'provider_down',
      }),
    ).toBe(1)
    expect(await valueOf(metrics, 'modelgate_upstream_attempts_total', { model: 'gpt' })).toBe(1)
  })

  it('that was refused before anything was known says so', async () => {
    const metrics = openMetrics()
    const nothing = { team: null, model: null, provider: null, connection: null, usage: null, attempts: [] }
    metrics.observeRequest(
      recordOf({ ...nothing, status: 401, outcome: 'error', errorCode: 'token_expired' }),
    )
    const labels = (await scrape(metrics)).get('modelgate_requests_total')?.samples[0]?.labels
    expect(labels).toEqual({
      operation: 'chat',
      model: 'unknown',
      provider: 'none',
      connection: 'none',
      team: 'none',
      status: '401',
    })
  })
})
