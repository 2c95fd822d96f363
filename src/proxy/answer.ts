import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { errorBody, type GatewayError } from '../core/errors.ts'
import { endAnswer } from './flush.ts'
import { retryHeaders } from './headers.ts'

/** A whole answer with a known length; `headers` is taken over. Does nothing where the client has left or a head has gone out already. */
export function sendBytes(
  outgoing: ServerResponse,
  status: number,
  contentType: string,
  bytes: Uint8Array | string,
  headers: OutgoingHttpHeaders,
): void {
  if (outgoing.headersSent || outgoing.destroyed) return
  headers['content-type'] = contentType
  headers['content-length'] = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
  outgoing.writeHead(status, headers)
  endAnswer(outgoing, bytes)
}

export function sendJson(
  outgoing: ServerResponse,
  status: number,
  body: unknown,
  headers: OutgoingHttpHeaders,
): void {
  sendBytes(outgoing, status, 'application/json', JSON.stringify(body), { ...headers })
}

export function sendError(outgoing: ServerResponse, error: GatewayError, headers: OutgoingHttpHeaders): void {
  sendJson(outgoing, error.status, errorBody(error), { ...headers, ...retryHeaders(error) })
}
