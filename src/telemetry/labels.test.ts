import { describe, expect, it } from 'vitest'
import { attemptOf, recordOf } from './testing/records.ts'
import { countSeries, openMetrics, scrape, valueOf } from './testing/scrape.ts'

describe('labels', () => {
  const known = { models: [{ name: 'gpt', connections: [{ name: 'main' }] }], teams: ['research'] }

  it('stay as many as there are entities, whatever 10,000 records say', async () => {
    const metrics = openMetrics()
    metrics.retain(known)
    const record = (index: number) =>
      recordOf({
        model: `made-up-${index}`,
        connection: `c-${index}`,
        provider: `p-${index}`,
        attempts: [
          attemptOf({ model: `made-up-${index}`, provider: `p-${index}`, connection: `c-${index}` }),
        ],
      })
    metrics.observeRequest(recordOf())
    metrics.observeRequest(record(0))
    const before = await countSeries(metrics)
    for (let index = 1; index <= 10_000; index++) metrics.observeRequest(record(index))
    expect(await countSeries(metrics)).toBe(before)
    expect(await valueOf(metrics, 'modelgate_requests_total', { model: 'unknown' })).toBe(10_001)
    const upstream = { model: 'unknown', connection: 'unknown', provider: 'unknown' }
    expect(await valueOf(metrics, 'modelgate_upstream_attempts_total', upstream)).toBe(10_001)
  })

  it('of a known model name no connection it has not', async () => {
    const metrics = openMetrics()
    metrics.retain(known)
    for (let index = 0; index < 100; index++) metrics.observeRequest(recordOf({ connection: `c-${index}` }))
    const shown = { model: 'gpt', connection: 'unknown' }
    expect(await valueOf(metrics, 'modelgate_requests_total', shown)).toBe(100)
  })

  it('name teams that are registered nowhere up to a bound, then `other`', async () => {
    const metrics = openMetrics({ maxTeams: 3 })
    metrics.retain(known)
    for (let index = 0; index < 4; index++) metrics.observeRequest(recordOf({ team: `team-${index}` }))
    const before = await countSeries(metrics)
    for (let index = 4; index < 10_000; index++) metrics.observeRequest(recordOf({ team: `team-${index}` }))
    expect(await countSeries(metrics)).toBe(before)
    metrics.observeRequest(recordOf({ team: 'research' }))
    expect(await valueOf(metrics, 'modelgate_requests_total', { team: 'team-2' })).toBe(1)
    expect(await valueOf(metrics, 'modelgate_requests_total', { team: 'other' })).toBe(9997)
    expect(await valueOf(metrics, 'modelgate_requests_total', { team: 'research' })).toBe(1)
  })

  it('are cut at 200 characters, and names alike so far share their series', async () => {
    const metrics = openMetrics()
    const long = 'm'.repeat(250)
    metrics.observeRequest(recordOf({ model: `${long}1` }))
    metrics.observeRequest(recordOf({ model: `${long}2` }))
    metrics.jwksRefresh(`https://${long}`, 'success')
    metrics.sample.connections(() => [
      { model: `${long}1`, connection: 'main', state: 'ready' },
      { model: `${long}2`, connection: 'main', state: 'cooling' },
    ])
    expect(await valueOf(metrics, 'modelgate_requests_total', { model: 'm'.repeat(200) })).toBe(2)
    for (const { samples } of (await scrape(metrics)).values()) {
      for (const { labels } of samples)
        expect(Math.max(0, ...Object.values(labels).map((value) => value.length))).toBeLessThanOrEqual(200)
    }
  })
})

describe('what is removed', () => {
  it('goes from every metric at the next snapshot, and starts anew if it returns', async () => {
    const metrics = openMetrics()
    const connections = [{ name: 'main' }, { name: 'spare' }]
    metrics.retain({
      models: [
        { name: 'gpt', connections },
        { name: 'old', connections },
      ],
      teams: [],
    })
    for (const place of [{}, { connection: 'spare' }, { model: 'old' }]) {
      metrics.observeRequest(recordOf({ ...place, attempts: [attemptOf(place)] }))
    }
    metrics.retain({ models: [{ name: 'gpt', connections: [{ name: 'main' }] }], teams: [] })
    const text = await metrics.render()
    expect(text).not.toMatch(/model="old"|connection="spare"/)
    expect(await valueOf(metrics, 'modelgate_requests_total')).toBe(1)
    metrics.observeRequest(recordOf({ connection: 'spare' }))
    metrics.retain({ models: [{ name: 'gpt', connections }], teams: [] })
    const returned = { connection: 'spare' }
    metrics.observeRequest(recordOf({ ...returned, attempts: [attemptOf(returned)] }))
    expect(await valueOf(metrics, 'modelgate_requests_total', returned)).toBe(1)
    expect(await valueOf(metrics, 'modelgate_upstream_attempts_total', returned)).toBe(1)
  })

  it('drops a team that was registered, not one that never was', async () => {
    const metrics = openMetrics()
    const models = [{ name: 'gpt', connections: [{ name: 'main' }] }]
    metrics.retain({ models, teams: ['research', 'support'] })
    for (const team of ['research', 'support', 'claimed']) metrics.observeRequest(recordOf({ team }))
    metrics.retain({ models, teams: ['support'] })
    const shown = (await scrape(metrics)).get('modelgate_tokens_total')?.samples ?? []
    expect([...new Set(shown.map(({ labels }) => labels['team']))]).toEqual(['support', 'claimed'])
  })

  it('is one series by what its labels say, whatever made them', async () => {
    const metrics = openMetrics()
    for (const none of [null, 'none']) metrics.observeRequest(recordOf({ provider: none, connection: none }))
    expect((await scrape(metrics)).get('modelgate_requests_total')?.samples).toHaveLength(1)
  })

  it('keeps what was counted before anything was known to exist', async () => {
    const metrics = openMetrics()
    metrics.retain({ models: [], teams: [] })
    metrics.observeRequest(
      recordOf({ model: null, provider: null, connection: null, team: null, attempts: [] }),
    )
    metrics.retain({ models: [], teams: [] })
    expect(await valueOf(metrics, 'modelgate_requests_total', { model: 'unknown' })).toBe(1)
  })
})
