import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { collect } from './collect.ts'
import { createTransport } from './dispatch.ts'
import { createEgressGuard } from './egress-guard.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as (options?: { type: 'minor' }) => void

const answer = JSON.stringify({ text: 'a'.repeat(400) })
const server = createServer((incoming, outgoing) => {
  incoming.resume().on('end', () => outgoing.end(answer))
})
const transport = createTransport({ guard: createEgressGuard({ allowHttp: true }) })
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(async () => {
  await transport.destroy()
  server.close()
})

async function exchange(): Promise<void> {
  const { port } = server.address() as AddressInfo
  const { signal } = new AbortController()
  const answered = await transport.dispatch(
    { method: 'POST', url: `http://127.0.0.1:${port}/`, headers: {}, body: Buffer.alloc(500, 'x') },
    {
      egress: 'operator',
      deadlines: { connectMs: 5_000, firstEventMs: 5_000, idleMs: 5_000, totalMs: 60_000 },
      signal,
    },
  )
  await collect(answered, { maxBytes: 10_000, signal })
}

/** So many, eight at a time; the young generation is collected in between, while some are under way. */
async function exchanges(count: number): Promise<void> {
  let left = count
  const next = async () => {
    while (left-- > 0) {
      if (left % 25 === 0) gc({ type: 'minor' })
      await exchange()
    }
  }
  await Promise.all(Array.from({ length: 8 }, next))
}

// An exchange is garbage within milliseconds. One that only a collection of the whole heap would find makes every
// collection of the young generation four times as dear, which under load is an eighth of all CPU.
it('leaves next to nothing that only a collection of the whole heap finds', async () => {
  const count = 1_500
  await exchanges(count)
  gc()
  await exchanges(count)
  for (let round = 0; round < 3; round++) gc({ type: 'minor' })
  const before = process.memoryUsage().heapUsed
  gc()
  expect((before - process.memoryUsage().heapUsed) / count).toBeLessThan(600)
})
