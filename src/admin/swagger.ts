import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { HttpBindings } from '@hono/node-server'
import type { Hono } from 'hono'

/** What Swagger UI's page needs, from its package as installed: nothing comes from the internet. */
const assets: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
}

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Modelgate control plane</title>
    <link rel="stylesheet" href="/ai/docs/swagger-ui.css">
    <link rel="icon" href="/ai/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/ai/docs/swagger-ui-bundle.js"></script>
    <script src="/ai/docs/start.js"></script>
  </body>
</html>
`

/** Tokens typed into the page stay in its memory, and its requests go nowhere but here. */
const start = `SwaggerUIBundle({
  url: '/ai/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
})
`

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/** The document and the page that shows it, open to all: they hold nothing of this gateway's state. */
export function addDocumentation(app: Hono<{ Bindings: HttpBindings }>, document: object): void {
  const text = JSON.stringify(document)
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  const send = (body: string | Uint8Array<ArrayBuffer>, type: string) =>
    new Response(body, {
      headers: {
        'content-type': type,
        'cache-control': 'public, max-age=3600',
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
      },
    })
  app.get('/ai/openapi.json', () => send(text, 'application/json'))
  app.get('/ai/docs', () => send(page, 'text/html; charset=utf-8'))
  app.get('/ai/docs/start.js', () => send(start, 'text/javascript; charset=utf-8'))
  for (const [name, type] of Object.entries(assets)) {
    app.get(`/ai/docs/${name}`, async () => send(new Uint8Array(await readFile(join(folder, name))), type))
  }
}
