import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent } from 'undici'
import { forward } from './forward.ts'

// node:http and undici's dispatcher, with the same deadlines, abort handling and backpressure as the gateway.
const upstream = process.argv[2] ?? ''
const agent = new Agent({
  connect: { timeout: 5000 },
  headersTimeout: 300_000,
  bodyTimeout: 60_000,
  allowH2: false,
})
const server = createServer((incoming, outgoing) => void forward(agent, upstream, incoming, outgoing))
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`)
})
