import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { endAnswer } from './flush.ts'

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
const answers: Record<string, Uint8Array | string> = {
  '/bytes': everyByte,
  // Views of a part of a larger memory, up to the length at which bytes are no longer joined with the head.
  '/view': Buffer.concat([everyByte, everyByte, everyByte]).subarray(100, 500),
  '/joined': Buffer.alloc(8 * 1024, everyByte),
  '/apart': Buffer.alloc(8 * 1024 + 1, everyByte),
  '/text': 'Grüße, 世界, 🙂',
  '/slices': Buffer.alloc(600 * 1024, everyByte),
}
const server = createServer((incoming, outgoing) => {
  const answer = answers[incoming.url ?? ''] ?? ''
  const length = typeof answer === 'string' ? Buffer.byteLength(answer) : answer.length
  const isWhole = incoming.headers['x-whole'] !== undefined
  outgoing.writeHead(200, isWhole ? { 'content-length': length } : {})
  endAnswer(outgoing, answer)
})
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close())

it.each(Object.keys(answers))(
  '%s arrives byte for byte, with its length told before or in chunks',
  async (path) => {
    const { port } = server.address() as AddressInfo
    const expected = Buffer.from(answers[path] as Uint8Array)
    for (const headers of [{ 'x-whole': '1' }, {}] as Record<string, string>[]) {
      const answered = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
      expect(Buffer.from(await answered.arrayBuffer()).equals(expected)).toBe(true)
    }
  },
)
