import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

export interface RawServer {
  readonly port: number
  readonly url: string
  /** Every connection there has been, oldest first. */
  readonly sockets: Socket[]
  /** Whole requests received so far, as text, oldest first. */
  readonly requests: string[]
  readonly stop: () => Promise<void>
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
    let received = Buffer.alloc(0)
    let waiting: Buffer[] = []
    let missing = 0
    let count = 0
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      waiting.push(chunk)
      missing -= chunk.length
      // A long body is put together once, when all of it is there.
      if (missing > 0) return
      received = Buffer.concat([received, ...waiting])
      waiting = []
      for (missing = missingOf(received); missing <= 0; missing = missingOf(received)) {
        const size = received.length + missing
        requests.push(received.toString('latin1', 0, size))
        received = received.subarray(size)
        onRequest(socket, ++count, requests.at(-1) ?? '')
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

/** How many bytes of the first request are still to come, as far as is known; not above 0: it is whole. */
function missingOf(received: Buffer): number {
  const head = received.indexOf('\r\n\r\n')
  if (head < 0) return 1
  const length = /content-length: (\d+)/i.exec(received.toString('latin1', 0, head))?.[1] ?? 0
  return head + 4 + Number(length) - received.length
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
