import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countCopies } from '../testing/count-copies.ts'
import { createSseDecoder } from './sse.ts'

interface Decoded {
  readonly events: [type: string, data: string][]
  readonly comments: number
}

function decode(chunks: Iterable<Uint8Array>, options = {}): Decoded {
  const decoder = createSseDecoder(options)
  const events: Decoded['events'] = []
  let comments = 0
  const onEvent = ({ type, data }: { type: string; data: string }) => void events.push([type, data])
  for (const chunk of chunks) decoder.push(Buffer.from(chunk), onEvent, () => comments++)
  decoder.end(onEvent)
  return { events, comments }
}

const singles = (bytes: Uint8Array) => Array.from(bytes, (byte) => Uint8Array.of(byte))

describe('createSseDecoder', () => {
  it.each<[string, string, Decoded['events'], number]>([
    ['data', 'data: a\n\n', [['message', 'a']], 0],
    ['no space after the colon', 'data:a\ndata: b\ndata:  c\n\n', [['message', 'a\nb\n c']], 0],
    [
      'an event name',
      'event: ping\ndata: {}\n\ndata: b\n\n',
      [
        ['ping', '{}'],
        ['message', 'b'],
      ],
      0,
    ],
    ['a name without data, which is no event', 'event: ping\n\ndata: b\n\n', [['message', 'b']], 1],
    ['comments alone and between', ': a\n\n: b\ndata: x\n: c\n\n:\n\n', [['message', 'x']], 2],
    ['fields that it does not know', 'id: 1\nretry: 5\nfoo\nfoo: b\ndata: x\n\n', [['message', 'x']], 0],
    [
      'a field without colon',
      'data\n\ndata\ndata\n\n',
      [
        ['message', ''],
        ['message', '\n'],
      ],
      0,
    ],
    [
      'empty lines',
      '\n\n\ndata: a\n\n\n\n\ndata: b\n\n',
      [
        ['message', 'a'],
        ['message', 'b'],
      ],
      0,
    ],
    ['a byte order mark, at the beginning only', '\uFEFFdata: a\n\n\uFEFFdata: b\n\n', [['message', 'a']], 1],
    [
      'CRLF',
      'data: a\r\ndata: b\r\n\r\n\r\ndata: c\r\n\r\n',
      [
        ['message', 'a\nb'],
        ['message', 'c'],
      ],
      0,
    ],
    [
      'CR',
      'data: a\rdata: b\r\rdata: c\r\r',
      [
        ['message', 'a\nb'],
        ['message', 'c'],
      ],
      0,
    ],
    [
      'all line ends at once',
      'data: a\r\n\rdata: b\n\r\ndata: c\r\r\n',
      [
        ['message', 'a'],
        ['message', 'b'],
        ['message', 'c'],
      ],
      0,
    ],
    [
      'a last event without its empty line',
      'data: a\n\ndata: b\n',
      [
        ['message', 'a'],
        ['message', 'b'],
      ],
      0,
    ],
    ['a last line that was cut off', 'data: a\n\ndata: {"b', [['message', 'a']], 0],
    ['text of every length in bytes', 'data: aé世🎈\n\n', [['message', 'aé世🎈']], 0],
  ])('reads %s, cut anywhere', (_, text, events, comments) => {
    const bytes = Buffer.from(text)
    expect(decode([bytes])).toEqual({ events, comments })
    expect(decode(singles(bytes))).toEqual({ events, comments })
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual({ events, comments })
    }
  })

  it('reads the same from any bytes in any pieces', () => {
    const piece = fc.oneof(
      fc
        .constantFrom('data: x', 'event: y', ':', '\n', '\r', '\r\n', '\n\n', '\uFEFF', 'é', ' ')
        .map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const whole = decode([Buffer.concat(pieces)])
        expect(decode(pieces)).toEqual(whole)
        expect(decode(singles(Buffer.concat(pieces)))).toEqual(whole)
      }),
      { numRuns: 500, verbose: true },
    )
  })

  it('refuses an event over its bound, however it comes, after the events before it', () => {
    for (const size of [1, 7, 1000]) {
      const bytes = Buffer.from(`data: a\n\ndata: ${'b'.repeat(100)}\n\n`)
      const events: string[] = []
      const decoder = createSseDecoder({ maxEventBytes: 64 })
      const pushAll = () => {
        for (let at = 0; at < bytes.length; at += size) {
          decoder.push(bytes.subarray(at, at + size), ({ data }) => void events.push(data))
        }
      }
      expect(pushAll).toThrow(
        expect.objectContaining({ name: 'GatewayError', code: 'upstream_error', reason: 'provider_down' }),
      )
      expect(events).toEqual(['a'])
    }
  })

  it('copies an event that comes in many pieces a bounded number of times', () => {
    const bytes = Buffer.from(`data: ${'x'.repeat(4 * 1024 * 1024)}\n\n`)
    const copied = countCopies(() => {
      const pieces = Array.from({ length: Math.ceil(bytes.length / 1024) }, (_, index) =>
        bytes.subarray(index * 1024, (index + 1) * 1024),
      )
      const decoder = createSseDecoder()
      let events = 0
      for (const piece of pieces) decoder.push(piece, () => events++)
      expect(events).toBe(1)
    })
    expect(copied).toBeGreaterThanOrEqual(bytes.length)
    expect(copied).toBeLessThan(bytes.length * 3)
  })
})
