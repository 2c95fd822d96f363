import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, unless it is bytes or text already. */
  readonly body?: unknown
}

/** null: it never answers. */
export type Script = (request: SeenRequest) => Answer | null

export interface Upstream {
  readonly url: string
  readonly requests: SeenRequest[]
  /** What the next requests get. */
  script: Script
  stop(): Promise<void>
}

/** A provider's endpoint on loopback whose every answer is scripted. */
export async function startUpstream(script: Script = () => ({ status: 500 })): Promise<Upstream> {
  const requests: SeenRequest[] = []
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('error', () => {})
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming
      const seen = { method, path: url, headers, body: Buffer.concat(chunks).toString() }
      requests.push(seen)
      const answer = upstream.script(seen)
      if (answer === null) return
      const { status = 200, headers: own = {}, body = {} } = answer
      const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
      outgoing.writeHead(status, { 'content-type': 'application/json', ...own })
      outgoing.end(isRaw ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const upstream: Upstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    script,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return upstream
}

/** Where nobody listens. The port of a server that has stopped may be another's by now; nobody gets this one. */
export const refusedUrl = 'http://127.0.0.1:1'
