import { once } from 'node:events'
import { createServer, get, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { writeChunk } from './write-chunk.ts'

type Work = (outgoing: ServerResponse) => unknown

/** What comes of an answer that is written so, by way of a real socket. */
async function answered<T>(work: Work, ask: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((_, outgoing) => work(outgoing)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await ask((server.address() as AddressInfo).port)
  } finally {
    server.close()
  }
}

const bodyOf = (port: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    get({ port, agent: false }, (incoming) => resolve(buffer(incoming))).on('error', reject)
  })

const rawly = (request: string) => async (port: number) => {
  const socket = connect(port, '127.0.0.1')
  socket.write(request)
  return text(socket)
}

it('puts size and end around what it writes', async () => {
  const work: Work = (outgoing) => {
    outgoing.writeHead(200)
    writeChunk(outgoing, 'grün')
    writeChunk(outgoing, '')
    writeChunk(outgoing, Buffer.from([0x61, 0xff]))
    writeChunk(outgoing, Buffer.alloc(3000, 'x'))
    writeChunk(outgoing, 'y')
    outgoing.end('last')
  }
  const shown = await answered(work, rawly('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'))
  const [, body] = shown.split('\r\n\r\n5\r\n')
  expect(body).toBe(`grün\r\n2\r\na\ufffd\r\nbb8\r\n${'x'.repeat(3000)}\r\n1\r\ny\r\n4\r\nlast\r\n0\r\n\r\n`)
})

it('leaves the bytes of the head as they are', async () => {
  const work: Work = (outgoing) => {
    outgoing.writeHead(200, { 'x-note': 'caf\xe9' })
    writeChunk(outgoing, 'grün')
    outgoing.end()
  }
  const shown = await answered(work, async (port) => {
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    return (await buffer(socket)).toString('latin1')
  })
  expect(shown).toContain('x-note: caf\xe9\r\n')
  expect(shown).toContain('\r\n5\r\ngr\xc3\xbcn\r\n')
})

it('puts nothing around it where the answer is not chunked', async () => {
  const work: Work = (outgoing) => {
    outgoing.writeHead(200)
    writeChunk(outgoing, 'one ')
    writeChunk(outgoing, Buffer.from('two'))
    outgoing.end()
  }
  const shown = await answered(work, rawly('GET / HTTP/1.0\r\n\r\n'))
  expect(shown.slice(shown.indexOf('\r\n\r\n') + 4)).toBe('one two')
})

it('writes any texts and bytes as they are', async () => {
  const longBytes = fc.integer({ min: 2000, max: 100_000 }).map((size) => Buffer.alloc(size, `${size} `))
  const anyPiece = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array(), longBytes)
  await fc.assert(
    fc.asyncProperty(fc.array(anyPiece), fc.boolean(), async (pieces, isAtOnce) => {
      const work = async (outgoing: ServerResponse) => {
        outgoing.writeHead(200)
        for (const piece of pieces) {
          writeChunk(outgoing, piece)
          if (!isAtOnce) await nextTurn()
        }
        outgoing.end()
      }
      const shown = await answered(work, bodyOf)
      expect(shown.equals(Buffer.concat(pieces.map((piece) => Buffer.from(piece))))).toBe(true)
    }),
    { numRuns: 200 },
  )
})

it('answers pipelined requests in turn', async () => {
  const waiting: ServerResponse[] = []
  const work: Work = (outgoing) => {
    waiting.push(outgoing)
    if (waiting.length < 2) return
    for (const [place, each] of [...waiting].reverse().entries()) {
      each.writeHead(200)
      writeChunk(each, `answer ${2 - place}`)
      each.end()
    }
  }
  const first = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
  const second = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
  const shown = await answered(work, rawly(first + second))
  expect(shown.match(/8\r\nanswer \d\r\n0\r\n\r\n/g)).toEqual([
    '8\r\nanswer 1\r\n0\r\n\r\n',
    '8\r\nanswer 2\r\n0\r\n\r\n',
  ])
})
