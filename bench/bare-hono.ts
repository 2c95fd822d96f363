import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { Agent } from 'undici'
import { forward } from './forward.ts'

// The yardstick: hono's router and undici's dispatcher, with the same deadlines, abort handling and backpressure as
// the gateway, and nothing else.
const upstream = process.argv[2] ?? ''
const agent = new Agent({
  connect: { timeout: 5000 },
  headersTimeout: 300_000,
  bodyTimeout: 60_000,
  allowH2: false,
})
const app = new Hono<{ Bindings: HttpBindings }>()
app.post('/v1/chat/completions', async (context) => {
  await forward(agent, upstream, context.env.incoming, context.env.outgoing)
  return RESPONSE_ALREADY_SENT
})
const handle = getRequestListener(app.fetch, { overrideGlobalObjects: false })
const server = createServer((incoming, outgoing) => void handle(incoming, outgoing))
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`)
})
