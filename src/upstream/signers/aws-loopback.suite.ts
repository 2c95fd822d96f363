import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTransport } from '../dispatch.ts'
import { createEgressGuard } from '../egress-guard.ts'
import { createFetchText, type FetchText } from '../fetch-text.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answer {
  readonly status?: number
  readonly text: string
}

export interface Loopback {
  readonly url: string
  /** Every request so far. */
  readonly asked: Asked[]
  readonly fetchText: FetchText
  stop(): Promise<void>
}

/** An endpoint on loopback that answers as scripted, and the gateway's own way to it. null: it never answers. */
export async function startLoopback(answer: (asked: Asked) => Answer | null): Promise<Loopback> {
  const asked: Asked[] = []
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming
      const request = { method, path, headers, body: Buffer.concat(chunks).toString() }
      asked.push(request)
      const scripted = answer(request)
      if (scripted !== null) outgoing.writeHead(scripted.status ?? 200).end(scripted.text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const trusting = (caPem: string) => createTransport({ guard: createEgressGuard(), caPem, caOnly: true })
  const transport = createTransport({ guard: createEgressGuard() })
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    fetchText: createFetchText({ transport, trusting }),
    stop: async () => {
      await transport.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
