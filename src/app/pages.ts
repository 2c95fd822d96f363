import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Pages } from '../telemetry/pages.ts'

/** `/metrics`, `/healthz` and `/readyz`, on whichever listener they are given. */
export function createPagesApp(pages: Pages): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  for (const path of ['/metrics', '/healthz', '/readyz']) {
    app.all(path, async (context) => {
      const { method } = context.req
      const made = await pages(method, path)
      if (made === null) return context.notFound()
      const { status, contentType, headers, body } = made
      return new Response(method === 'HEAD' ? null : body, {
        status,
        headers: { ...headers, 'content-type': contentType },
      })
    })
  }
  return app
}
