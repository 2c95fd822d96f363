import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

export interface RawServer {
  readonly port: number
  readonly url: string
  /** Every connection there has been, oldest first. */
  readonly sockets: Socket[]
  /** Whole requests received so far, as text, oldest first. */
  readonly requests: string[]
  stop(): Promise<void>
}

/** Called for each whole request; `count` is its number on its own socket, from 1. */
export type OnRequest = (socket: Socket, count: number, request: string) => void

/** A server that speaks bytes, on loopback: whatever a test wants an upstream to do wrong, it can do. */
export async function startRawServer(
  onRequest: OnRequest,
  server: Server = createServer(),
): Promise<RawServer> {
  const sockets: Socket[] = []
  const requests: string[] = []
  server.on('connection', (socket: Socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  })
  const isTls = 'setSecureContext' in server
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    let received = ''
    let count = 0
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      for (let size = sizeOfRequest(received); size <= received.length; size = sizeOfRequest(received)) {
        const request = received.slice(0, size)
        received = received.slice(size)
        requests.push(request)
        onRequest(socket, ++count, request)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http${isTls ? 's' : ''}://127.0.0.1:${port}`,
    sockets,
    requests,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Of the first request, as soon as its head is there. */
function sizeOfRequest(received: string): number {
  // Heads are short: a long text is not searched again with every piece of a body.
  const start = received.slice(0, 8192)
  const head = start.indexOf('\r\n\r\n')
  if (head < 0) return Infinity
  return head + 4 + Number(/content-length: (\d+)/i.exec(start.slice(0, head))?.[1] ?? 0)
}

/** An HTTP/1.1 answer with a `content-length`. */
export function answer(body: string, headers: Readonly<Record<string, string>> = {}, status = 200): string {
  const lines = Object.entries({ 'content-length': String(Buffer.byteLength(body)), ...headers })
  return `HTTP/1.1 ${status} Status\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}

export const chunkedHead = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}
