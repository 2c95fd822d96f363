import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// A provider that costs as little as a Node server can: answers are made once, the request is read and thrown away.
// `?chunks=N` streams N chunks, one per turn of the loop, so that each is a write of its own.

const completion = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'bench',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'word '.repeat(60), refusal: null },
        finish_reason: 'stop',
        logprobs: null,
      },
    ],
    usage: { prompt_tokens: 200, completion_tokens: 60, total_tokens: 260 },
  }),
)

const frame = (delta: object, finish: string | null, usage: object | null = null) =>
  Buffer.from(
    `data: ${JSON.stringify({
      id: 'chatcmpl-bench-0123456789abcdef',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'bench-model-2026',
      system_fingerprint: 'fp_0123456789',
      choices: usage === null ? [{ index: 0, delta, logprobs: null, finish_reason: finish }] : [],
      usage,
    })}\n\n`,
  )
const chunk = frame({ content: ' wonderful' }, null)
const last = Buffer.concat([
  frame({}, 'stop'),
  frame({}, null, { prompt_tokens: 200, completion_tokens: 60, total_tokens: 260 }),
  Buffer.from('data: [DONE]\n\n'),
])

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    const chunks = Number(
      new URL(request.url ?? '', 'http://x').searchParams.get('chunks') ??
        request.headers['x-client-request-id'] ??
        0,
    )
    if (chunks === 0) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': completion.length })
      response.end(completion)
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    let sent = 0
    const next = () => {
      if (response.destroyed) return
      if (sent++ === chunks) return void response.end(last)
      if (response.write(chunk)) setImmediate(next)
      else response.once('drain', next)
    }
    next()
  })
})
server.keepAliveTimeout = 60_000
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`)
})
