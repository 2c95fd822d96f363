import { connect, type Socket } from 'node:net'
import { type Scene, userMessage } from './scene.ts'

export interface RawRequest {
  readonly head: string
  readonly body: string
}

/** A chat request as bytes, for clients that do with their socket what no HTTP library does. */
export function rawChat(
  scene: Pick<Scene, 'token'>,
  fields: Record<string, unknown> = {},
  requestId = 'raw',
): RawRequest {
  const body = JSON.stringify({ model: 'gpt', messages: [userMessage], ...fields })
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: gateway.test',
    `authorization: Bearer ${scene.token}`,
    'content-type: application/json',
    `x-request-id: ${requestId}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  return { head: `${head.join('\r\n')}\r\n\r\n`, body }
}

/** A socket to the gateway; being cut off is no error of the test's. `allowHalfOpen`: it stays open as the other ends. */
export function openSocket(scene: Pick<Scene, 'gateway'>, { allowHalfOpen = false } = {}): Socket {
  const { hostname, port } = new URL(scene.gateway.url)
  return connect({ host: hostname, port: Number(port), allowHalfOpen, noDelay: true }).on('error', () => {})
}
