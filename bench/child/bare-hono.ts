import { createServer } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { bareAgent, forward } from './forward.ts'

// The yardstick: hono's router and undici's dispatcher, with the same deadlines, abort handling and backpressure as
// the gateway, and nothing else. Arguments: port, upstream.
const [port, upstream = ''] = process.argv.slice(2)
const agent = bareAgent()
const app = new Hono<{ Bindings: HttpBindings }>()
app.post('/v1/chat/completions', async (context) => {
  await forward(agent, upstream, context.env.incoming, context.env.outgoing)
  return RESPONSE_ALREADY_SENT
})
const handle = getRequestListener(app.fetch, { overrideGlobalObjects: false })
const server = createServer((incoming, outgoing) => void handle(incoming, outgoing))
server.keepAliveTimeout = 75_000
server.listen(Number(port), '127.0.0.1')
