import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** The body as JSON; throws where it is none. */
  json(): Record<string, unknown>
  /** `performance.now()` at which it had come. */
  readonly receivedAt: number
  /** `performance.now()` at which the answer's socket closed before the answer was complete. */
  readonly abortedAt: number | null
}

export type Script = (response: ServerResponse, request: SeenRequest, socket: Socket) => void | Promise<void>

export interface Upstream {
  readonly url: string
  readonly requests: SeenRequest[]
  /** What the next requests get, until changed. */
  script: Script
  /** Sockets that are open now. */
  readonly open: number
  /** Requests whose answers are neither complete nor broken off. */
  readonly busy: number
  stop(): Promise<void>
}

/** A provider's endpoint on loopback whose every answer is scripted. */
export async function startUpstream(script: Script = chatAnswer('hello')): Promise<Upstream> {
  const sockets = new Set<Socket>()
  const upstream = { script, requests: [] as SeenRequest[] }
  let busy = 0
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('error', () => {})
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const seen = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body,
        receivedAt: performance.now(),
        json: () => JSON.parse(body) as Record<string, unknown>,
        abortedAt: null as number | null,
      }
      upstream.requests.push(seen)
      busy++
      response.on('close', () => {
        busy--
        if (!response.writableFinished) seen.abortedAt = performance.now()
      })
      Promise.resolve(upstream.script(response, seen, incoming.socket)).catch(() => response.destroy())
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.defineProperties(upstream, {
    url: { value: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` },
    open: { get: () => sockets.size },
    busy: { get: () => busy },
    stop: {
      value: () => {
        for (const socket of sockets) socket.destroy()
        return new Promise((resolve) => server.close(resolve))
      },
    },
  }) as unknown as Upstream
}

export function sendJson(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

export function chatBody(text: string): Record<string, unknown> {
  return {
    id: 'chatcmpl-upstream',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'upstream-model',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        finish_reason: 'stop',
        logprobs: null,
      },
    ],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  }
}

export function chunkBody(
  delta: Record<string, unknown>,
  finish: string | null = null,
): Record<string, unknown> {
  return {
    id: 'chatcmpl-upstream',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'upstream-model',
    choices: [{ index: 0, delta, finish_reason: finish }],
    usage: null,
  }
}

export const usageBody = {
  ...chunkBody({}),
  choices: [],
  usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
}

export const event = (body: unknown): string =>
  `data: ${typeof body === 'string' ? body : JSON.stringify(body)}\n\n`

/** A whole OpenAI stream of these words: role, words, finish, usage, `[DONE]`. */
export function chatEvents(...words: string[]): string[] {
  return [
    event(chunkBody({ role: 'assistant', content: '' })),
    ...words.map((word) => event(chunkBody({ content: word }))),
    event(chunkBody({}, 'stop')),
    event(usageBody),
    event('[DONE]'),
  ]
}

export function startSse(response: ServerResponse, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
  response.flushHeaders()
}

/** Answers chat as asked: streamed or whole. */
export function chatAnswer(text: string): Script {
  return (response, request) => {
    if (request.json()['stream'] !== true) return sendJson(response, chatBody(text))
    startSse(response)
    response.end(chatEvents(...text.split(/(?<= )/)).join(''))
  }
}

/** OpenAI's error object with a status. */
export function failure(
  status: number,
  message: string,
  headers: Record<string, string> = {},
  code: string | null = null,
): Script {
  return (response) =>
    sendJson(response, { error: { message, type: 'error', param: null, code } }, status, headers)
}
