import type { Metrics } from './metrics.ts'

export interface Readiness {
  readonly ready: boolean
  /** Why it is not, in words for an operator; no secrets, the page is open. */
  readonly reasons: readonly string[]
}

export interface Page {
  readonly status: number
  readonly contentType: string
  /** Further headers. */
  readonly headers: Readonly<Record<string, string>>
  /** Of a HEAD it is what a GET would have answered: whoever sends it leaves it out. */
  readonly body: string
}

export interface PagesOptions {
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>
  readonly ready: () => Readiness | Promise<Readiness>
  /** A page that could not be made: it is answered with 500. */
  readonly onFault: (error: unknown) => void
}

/**
 * `/metrics` (Prometheus), `/healthz` (200 while the process answers at all) and `/readyz` (503 with the reasons while
 * it should get no traffic), by GET and HEAD. null: the path is none of them. The promise does not reject.
 */
export type Pages = (method: string, path: string) => Promise<Page> | null

export function createPages({ metrics, ready, onFault }: PagesOptions): Pages {
  const pages = new Map<string, () => Promise<Page> | Page>([
    ['/metrics', async () => page(200, await metrics.render(), metrics.contentType)],
    ['/healthz', () => page(200, 'ok\n')],
    ['/readyz', async () => readyPage(await ready())],
  ])
  return (method, path) => {
    const make = pages.get(path)
    return make === undefined ? null : answer(method, make, onFault)
  }
}

async function answer(
  method: string,
  make: () => Promise<Page> | Page,
  onFault: (error: unknown) => void,
): Promise<Page> {
  if (method !== 'GET' && method !== 'HEAD') {
    const refusal = page(405, 'method not allowed\n')
    return { ...refusal, headers: { ...refusal.headers, allow: 'GET, HEAD' } }
  }
  try {
    return await make()
  } catch (error) {
    onFault(error)
    return page(500, 'this page could not be made, see the log\n')
  }
}

function readyPage({ ready, reasons }: Readiness): Page {
  return ready ? page(200, 'ready\n') : page(503, `not ready: ${reasons.join('; ')}\n`)
}

function page(status: number, body: string, contentType = 'text/plain; charset=utf-8'): Page {
  return { status, contentType, headers: { 'cache-control': 'no-store' }, body }
}
