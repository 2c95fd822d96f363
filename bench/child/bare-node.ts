import { createServer } from 'node:http'
import { bareAgent, forward } from './forward.ts'

// node:http and undici's dispatcher, with the same deadlines, abort handling and backpressure as the gateway.
// Arguments: port, upstream.
const [port, upstream = ''] = process.argv.slice(2)
const agent = bareAgent()
const server = createServer((incoming, outgoing) => void forward(agent, upstream, incoming, outgoing))
server.keepAliveTimeout = 75_000
server.listen(Number(port), '127.0.0.1')
