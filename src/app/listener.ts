import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Certificate } from '../config/certificate.ts'
import { errorBody, GatewayError } from '../core/errors.ts'
import { getOrInsert } from '../core/get-or-insert.ts'

export interface ListenerOptions {
  /** Is shown every request first, and answers whether it has taken it. */
  readonly take?: (incoming: IncomingMessage, outgoing: ServerResponse) => boolean
  readonly app: Hono<{ Bindings: HttpBindings }>
  readonly host: string
  readonly port: number
  readonly tls: Certificate | null
}

export interface Listener {
  /** `http://127.0.0.1:8080`, as reached from this machine. */
  readonly url: string
  readonly port: number
  /** New certificates for connections from now on. */
  replaceTls(certificate: Certificate): void
  /** No further connections; those that are open stay. */
  stopListening(): void
  /** No further connections; those that are open get `graceMs` to finish, then they are destroyed. */
  close(graceMs: number): Promise<void>
}

const maxHeaderBytes = 64 * 1024
/** Longer than the 60 s of common load balancers, which must be the ones to close an idle connection. */
const keepAliveMs = 75_000

/** Listens; rejects where the address is taken or not ours. */
export async function listen({ take, app, host, port, tls }: ListenerOptions): Promise<Listener> {
  const handle = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    errorHandler: refuseUnreadable,
    // HTTP/1.0 needs no host, and load balancers' simplest checks send none.
    hostname: 'localhost',
  })
  const options = {
    maxHeaderSize: maxHeaderBytes,
    keepAliveTimeout: keepAliveMs,
    noDelay: true,
    // Refused below, with the error object.
    requireHostHeader: false,
  }
  /** The answers that each socket is still to get: several where requests are pipelined. */
  const answering = new WeakMap<Duplex, ServerResponse[]>()
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { socket, headers, httpVersion } = incoming
    if (headers.host === undefined && httpVersion === '1.1')
      return refuse(outgoing, 400, 'A Host header is required.')
    const due = getOrInsert(answering, socket, () => [])
    due.push(outgoing)
    outgoing.on('close', () => due.splice(due.indexOf(outgoing), 1))
    if (take?.(incoming, outgoing) !== true) void handle(incoming, outgoing)
  }
  const secure = tls === null ? null : createTlsServer({ ...options, ...texts(tls) }, listener)
  const server = secure ?? createServer(options, listener)
  server.on('checkExpectation', (_incoming: IncomingMessage, outgoing: ServerResponse) =>
    refuse(outgoing, 417, 'The expectation cannot be met.'),
  )
  server.on('connect', (_incoming: IncomingMessage, socket: Duplex) => answerRaw(socket, 400))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (mayAnswer(answering.get(socket) ?? [])) answerMalformed(error, socket)
    else socket.destroy()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const bound = (server.address() as AddressInfo).port
  return {
    url: `${tls === null ? 'http' : 'https'}://${shownHost(host)}:${bound}`,
    port: bound,
    replaceTls: (next) => secure?.setSecureContext(texts(next)),
    stopListening: () => void server.close(),
    close: (graceMs) =>
      new Promise((resolve) => {
        const giveUp = setTimeout(() => server.closeAllConnections(), graceMs)
        server.close(() => {
          clearTimeout(giveUp)
          resolve()
        })
        server.closeIdleConnections()
      }),
  }
}

function texts({ cert, key }: Certificate): { cert: string; key: string } {
  return { cert, key: key.reveal() }
}

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

/** A request line or Host header from which no URL can be made. */
function refuseUnreadable(): Response {
  const error = new GatewayError('invalid_request', 'The request line or the host header cannot be read.')
  return Response.json(errorBody(error), { status: error.status })
}

function refuse(outgoing: ServerResponse, status: number, message: string): void {
  outgoing.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  outgoing.end(JSON.stringify(errorBody(new GatewayError('invalid_request', message, { status }))))
}

/**
 * Whatever is written while an answer is under way would stand in the middle of it, and before one that is due would
 * pass for it. A request whose body breaks off before it has an answer gets this one.
 */
function mayAnswer([first, ...others]: readonly ServerResponse[]): boolean {
  return first === undefined || (others.length === 0 && !first.headersSent && !first.req.complete)
}

/** What Node's parser refuses never reaches a handler; it gets the error object all the same. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
  else answerRaw(socket, statusOf(error.code))
}

function answerRaw(socket: Duplex, status: number): void {
  // A socket that Node has handed over has nobody else to hear that its client is gone.
  socket.on('error', () => socket.destroy())
  const body = JSON.stringify(
    errorBody(new GatewayError('invalid_request', STATUS_CODES[status] ?? 'Bad Request', { status })),
  )
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

function statusOf(code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
}
