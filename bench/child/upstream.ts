import { createServer, type ServerResponse } from 'node:http'
import { type UpstreamScript, wholeAnswer } from '../messages.ts'
import { answerBench } from './answers.ts'
import { completion, type Stream, streamFor } from './frames.ts'
import { createPace } from './pace.ts'

// A provider, or five of them, that costs as little as a Node server can: answers are made once, the request is read
// and thrown away. How it answers is told by the bench.

const streams = new Map<string, Stream>()
let script = wholeAnswer
answerBench({
  script: (next: UpstreamScript) => {
    script = next
    streams.clear()
  },
})

function made(path: string): Stream {
  const known = streams.get(path)
  if (known !== undefined) return known
  const { chunks, ...rest } = streamFor(path, script.chunks)
  const writes = Array.from({ length: Math.ceil(chunks.length / script.burst) }, (_, number) =>
    Buffer.concat(chunks.slice(number * script.burst, (number + 1) * script.burst)),
  )
  const stream = { ...rest, chunks: writes }
  streams.set(path, stream)
  return stream
}

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    if (script.chunks === 0) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': completion.length })
      response.end(completion)
      return
    }
    const stream = made(request.url ?? '')
    response.writeHead(200, { 'content-type': stream.contentType })
    response.write(stream.opening)
    if (script.everyMs === 0) hurry(response, stream)
    else keepTime(response, stream, script.everyMs)
  })
})

/** One write for each turn of the loop, so that none is joined to the next. */
function hurry(response: ServerResponse, { chunks, ending }: Stream): void {
  let sent = 0
  const next = () => {
    if (response.destroyed) return
    const chunk = chunks[sent++]
    if (chunk === undefined) return void response.end(ending)
    if (response.write(chunk)) setImmediate(next)
    else response.once('drain', next)
  }
  next()
}

const pace = createPace(() => performance.now())
setInterval(pace.turn, 1)

function keepTime(response: ServerResponse, { chunks, ending }: Stream, everyMs: number): void {
  let sent = 0
  const next = () => {
    const chunk = chunks[sent++]
    if (chunk !== undefined) return void response.write(chunk)
    leave()
    response.end(ending)
  }
  const leave = pace.join(everyMs, next)
  response.once('close', leave)
  next()
}

server.keepAliveTimeout = 120_000
server.requestTimeout = 0
server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })
