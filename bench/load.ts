import { Agent } from 'undici'

// A closed loop of a fixed number of requests over a fixed number of connections, run as a process of its own so
// that its CPU is not the proxy's. Arguments: port, requests, connections, prompt bytes, chunks, token.
const [port, requests, connections, promptBytes, chunks, token] = process.argv.slice(2)
const total = Number(requests)
const agent = new Agent({ connections: Number(connections), pipelining: 1, allowH2: false })
const streaming = Number(chunks) > 0
const body = JSON.stringify({
  model: 'bench',
  messages: [{ role: 'user', content: 'lorem ipsum '.repeat(Math.ceil(Number(promptBytes) / 12)) }],
  ...(streaming && { stream: true }),
})
const headers = {
  'content-type': 'application/json',
  authorization: `Bearer ${token}`,
  ...(streaming && { 'x-client-request-id': String(chunks) }),
}

let started = 0
let received = 0
const latencies: number[] = []

function one(): Promise<void> {
  return new Promise((resolve, reject) => {
    const before = performance.now()
    let tail: Buffer = Buffer.alloc(0)
    agent.dispatch(
      { origin: `http://127.0.0.1:${port}`, path: '/v1/chat/completions', method: 'POST', headers, body },
      {
        onRequestStart: () => {},
        onResponseStart: (_, status) => {
          if (status !== 200) reject(new Error(`status ${status}`))
        },
        onResponseData: (_, chunk) => {
          received += chunk.length
          tail = chunk
        },
        onResponseEnd: () => {
          if (streaming && !tail.toString().endsWith('data: [DONE]\n\n'))
            return reject(new Error('a stream broke off'))
          latencies.push(performance.now() - before)
          resolve()
        },
        onResponseError: (_, error) => reject(error),
      },
    )
  })
}

async function worker(): Promise<void> {
  while (started++ < total) await one()
}

const before = performance.now()
await Promise.all(Array.from({ length: Number(connections) }, worker))
const seconds = (performance.now() - before) / 1000
latencies.sort((one, other) => one - other)
const quantile = (share: number) => latencies[Math.floor(latencies.length * share)]
process.stdout.write(
  `${JSON.stringify({ requests: latencies.length, seconds, received, p50: quantile(0.5), p99: quantile(0.99) })}\n`,
)
await agent.close()
