import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, type Dispatcher } from 'undici'

/** The gateway's deadline for an exchange as a whole, of which undici knows nothing. */
const totalMs = 600_000

/** The gateway's other deadlines: to connect, to the first byte, and between two. */
export function bareAgent(): Agent {
  return new Agent({
    connect: { timeout: 5000 },
    headersTimeout: 300_000,
    bodyTimeout: 60_000,
    allowH2: false,
  })
}

const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-bench' }

/** Reads the request, sends it on, and carries the answer back with backpressure; a client that leaves aborts. */
export async function forward(
  agent: Agent,
  origin: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await read(incoming).catch(() => null)
  if (body === null) return
  await new Promise<void>((resolve) => {
    let controller: Dispatcher.DispatchController | null = null
    const total = setTimeout(() => controller?.abort(new Error('the total deadline has passed')), totalMs)
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) controller?.abort(new Error('the client left'))
    })
    agent.dispatch(
      { origin, path: '/v1/chat/completions', method: 'POST', headers, body },
      {
        onRequestStart: (started) => {
          controller = started
        },
        onResponseStart: (_, status, received) => {
          outgoing.writeHead(status, { 'content-type': String(received['content-type']) })
        },
        onResponseData: (current, chunk) => {
          if (outgoing.write(chunk)) return
          current.pause()
          outgoing.once('drain', () => current.resume())
        },
        onResponseEnd: () => {
          clearTimeout(total)
          outgoing.end()
          resolve()
        },
        onResponseError: () => {
          clearTimeout(total)
          outgoing.destroy()
          resolve()
        },
      },
    )
  })
}

function read(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => resolve(Buffer.concat(chunks)))
    incoming.on('error', reject)
  })
}
