import { describe, expect, it } from 'vitest'
import { createPages, type PagesOptions } from './pages.ts'
import { parseExposition } from './testing/exposition.ts'
import { openMetrics } from './testing/scrape.ts'

function open(options: Partial<PagesOptions> = {}) {
  const faults: unknown[] = []
  const pages = createPages({
    metrics: openMetrics(),
    ready: () => ({ ready: true, reasons: [] }),
    onFault: (error) => faults.push(error),
    ...options,
  })
  return { pages, faults }
}

describe('pages', () => {
  it('serves the metrics as a scraper expects them', async () => {
    const page = await open().pages('GET', '/metrics')
    expect(page).toMatchObject({ status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8' })
    expect(parseExposition(page?.body ?? '').has('modelgate_build_info')).toBe(true)
  })

  it('is alive while it answers, ready or not', async () => {
    const { pages } = open({ ready: () => ({ ready: false, reasons: ['draining'] }) })
    expect(await pages('GET', '/healthz')).toMatchObject({ status: 200, body: 'ok\n' })
  })

  it('tells readiness as it is at each call, with the reasons', async () => {
    const reasons: string[] = ['no snapshot yet', 'draining']
    const { pages } = open({ ready: () => ({ ready: reasons.length === 0, reasons }) })
    expect(await pages('GET', '/readyz')).toMatchObject({
      status: 503,
      body: 'not ready: no snapshot yet; draining\n',
    })
    reasons.length = 0
    expect(await pages('GET', '/readyz')).toMatchObject({ status: 200, body: 'ready\n' })
  })

  it('answers HEAD as GET, and names what it takes where it is asked otherwise', async () => {
    const { pages } = open()
    for (const path of ['/metrics', '/healthz', '/readyz']) {
      expect((await pages('HEAD', path))?.status).toBe(200)
      expect(await pages('POST', path)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
    }
  })

  it('leaves other paths alone', () => {
    const { pages } = open()
    for (const path of ['/', '/metrics/', '/v1/models', '/healthz2', 'constructor']) {
      expect(pages('GET', path)).toBeNull()
    }
  })

  it('is never kept by caches', async () => {
    expect((await open().pages('GET', '/readyz'))?.headers).toMatchObject({ 'cache-control': 'no-store' })
  })

  it('answers 500 and says so to its owner where a page cannot be made', async () => {
    const fault = new Error('the source is broken')
    const metrics = openMetrics()
    metrics.sample.inflight(() => {
      throw fault
    })
    const { pages, faults } = open({ metrics })
    const page = await pages('GET', '/metrics')
    expect(page).toMatchObject({ status: 500 })
    expect(page?.body).not.toContain('broken')
    expect(faults).toEqual([fault])
  })
})
