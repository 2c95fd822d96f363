import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Agent, Dispatcher } from 'undici'

/** Reads the request, sends it on, and carries the answer back with backpressure; a client that leaves aborts. */
export async function forward(
  agent: Agent,
  origin: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await read(incoming)
  await new Promise<void>((resolve) => {
    let controller: Dispatcher.DispatchController | null = null
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) controller?.abort(new Error('the client left'))
    })
    agent.dispatch(
      { origin, path: '/v1/chat/completions', method: 'POST', headers: headersOf(incoming), body },
      {
        onRequestStart: (started) => {
          controller = started
        },
        onResponseStart: (_, status, headers) => {
          outgoing.writeHead(status, { 'content-type': String(headers['content-type']) })
        },
        onResponseData: (current, chunk) => {
          if (outgoing.write(chunk)) return
          current.pause()
          outgoing.once('drain', () => current.resume())
        },
        onResponseEnd: () => {
          outgoing.end()
          resolve()
        },
        onResponseError: () => {
          outgoing.destroy()
          resolve()
        },
      },
    )
  })
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    authorization: 'Bearer sk-bench',
  }
  const chunks = incoming.headers['x-client-request-id']
  if (typeof chunks === 'string') headers['x-client-request-id'] = chunks
  return headers
}

function read(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => resolve(Buffer.concat(chunks)))
    incoming.on('error', reject)
  })
}
