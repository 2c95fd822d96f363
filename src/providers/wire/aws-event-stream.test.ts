import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../core/errors.ts'
import type { WireEvent } from '../../core/provider.ts'
import { countCopies } from '../testing/count-copies.ts'
import { encodeEvent, encodeException, encodeFrame, frameOf } from '../testing/encode-event-stream.ts'
import { createEventStreamDecoder } from './aws-event-stream.ts'

const delta =
  '0000009400000057b4ab9aee0b3a6576656e742d74797065070011636f6e74656e74426c6f636b44656c74610d3a636f6e74656e742d74' +
  '7970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22636f6e74656e74426c' +
  '6f636b496e646578223a302c2264656c7461223a7b2274657874223a224869227d7d1f944657'
const stop =
  '0000007a00000051ca2c46650b3a6576656e742d7479706507000b6d65737361676553746f700d3a636f6e74656e742d74797065070010' +
  '6170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b2273746f70526561736f6e223a22656e' +
  '645f7475726e227d5fbf09fc'
const throttled =
  '0000008800000061de0175f40f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f6e' +
  '74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070009657863657074696f6e7b' +
  '226d657373616765223a22736c6f7720646f776e227d832ee072'
const empty = '000000100000000005c248eb7d98c8ff'

const vectors = Buffer.from(delta + stop + empty + throttled, 'hex')
const vectorEvents: WireEvent[] = [
  { type: 'contentBlockDelta', data: '{"contentBlockIndex":0,"delta":{"text":"Hi"}}', kind: 'event' },
  { type: 'messageStop', data: '{"stopReason":"end_turn"}', kind: 'event' },
  { type: '', data: '', kind: 'event' },
  { type: 'throttlingException', data: '{"message":"slow down"}', kind: 'exception' },
]

/** What a decoder answers when the bytes come cut at these places; the fault is kept beside the events. */
function decode(bytes: Buffer, cuts: readonly number[], maxFrameBytes?: number) {
  const decoder = createEventStreamDecoder(maxFrameBytes === undefined ? {} : { maxFrameBytes })
  const events: WireEvent[] = []
  let fault: unknown = null
  const edges = [0, ...[...cuts].sort((one, other) => one - other), bytes.length]
  try {
    for (const [index, edge] of edges.slice(1).entries()) {
      decoder.push(bytes.subarray(edges[index], edge), (event) => events.push(event))
    }
    decoder.end((event) => events.push(event))
  } catch (error) {
    fault = error
  }
  return { events, fault }
}

function expectMalformed(fault: unknown, why: string): void {
  expect(fault).toBeInstanceOf(GatewayError)
  expect(fault).toMatchObject({ code: 'upstream_error', reason: 'provider_down' })
  expect((fault as GatewayError).message).toContain(why)
}

describe('createEventStreamDecoder', () => {
  it('reads frames that come whole', () => {
    expect(decode(vectors, [])).toMatchObject({ events: vectorEvents, fault: null })
  })

  it('reads the same events wherever one or two cuts fall', () => {
    for (let first = 0; first <= vectors.length; first++) {
      expect(decode(vectors, [first]).events).toEqual(vectorEvents)
    }
    const short = Buffer.from(empty + stop + empty, 'hex')
    for (let first = 0; first <= short.length; first++) {
      for (let second = first; second <= short.length; second++) {
        expect(decode(short, [first, second]).events).toHaveLength(3)
      }
    }
  })

  it('reads the same events one byte at a time', () => {
    const everywhere = Array.from(vectors.keys())
    expect(decode(vectors, everywhere)).toMatchObject({ events: vectorEvents, fault: null })
  })

  it('takes a stream that ends inside a frame for cut off', () => {
    const whole = Buffer.from(stop, 'hex')
    for (let length = 1; length < whole.length; length++) {
      const { events, fault } = decode(whole.subarray(0, length), [])
      expect(events).toEqual([])
      expectMalformed(fault, 'cut off')
    }
    expect(decode(Buffer.alloc(0), [])).toEqual({ events: [], fault: null })
  })

  it('gives an unmodelled error its text', () => {
    const frame = encodeFrame(
      { ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'it "broke"' },
      '',
    )
    expect(decode(frame, []).events).toEqual([
      { type: 'InternalError', data: '{"message":"it \\"broke\\""}', kind: 'error' },
    ])
  })

  it('passes over headers of all ten types', () => {
    const header = (name: string, type: number, ...value: number[]) => [
      name.length,
      ...Buffer.from(name),
      type,
      ...value,
    ]
    const bytes = Buffer.from([
      ...header('a', 0),
      ...header('b', 1),
      ...header('c', 2, 1),
      ...header('d', 3, 0, 1),
      ...header('e', 4, 0, 0, 0, 1),
      ...header('f', 5, 0, 0, 0, 0, 0, 0, 0, 1),
      ...header('g', 6, 0, 3, 1, 2, 3),
      ...header('h', 8, 0, 0, 0, 0, 0, 0, 0, 1),
      ...header('i', 9, ...Buffer.alloc(16)),
      ...header(':event-type', 7, 0, 2, ...Buffer.from('ok')),
    ])
    expect(decode(frameOf(bytes, Buffer.from('{}')), []).events).toEqual([
      { type: 'ok', data: '{}', kind: 'event' },
    ])
  })

  it('refuses what is not a frame, after the events before it', () => {
    const good = encodeEvent('messageStart', { role: 'assistant' })
    const broken = (change: (frame: Buffer) => void) => {
      const frame = encodeEvent('contentBlockDelta', { delta: { text: 'x' } })
      change(frame)
      return Buffer.concat([good, frame])
    }
    const cases: [Buffer, string][] = [
      [broken((frame) => frame.writeUInt8(0xff, 0)), 'prelude checksum'],
      [broken((frame) => frame.writeUInt8(0xff, 9)), 'prelude checksum'],
      [broken((frame) => frame.writeUInt8(0xff, 40)), 'its checksum'],
      [broken((frame) => frame.writeUInt8(0xff, frame.length - 1)), 'its checksum'],
      [Buffer.concat([good, Buffer.from('{"Output":{"__type":"x"}}')]), 'prelude checksum'],
      [Buffer.concat([good, frameOf(Buffer.from([1, 97, 10]), Buffer.alloc(0))]), 'headers'],
      [Buffer.concat([good, frameOf(Buffer.from([1, 97, 7, 0, 9]), Buffer.alloc(0))]), 'headers'],
      [Buffer.concat([good, frameOf(Buffer.from([9, 97]), Buffer.alloc(0))]), 'headers'],
      [Buffer.concat([good, frameOf(Buffer.from([1, 97, 7, 0]), Buffer.alloc(0))]), 'headers'],
    ]
    for (const [bytes, why] of cases) {
      for (const cuts of [[], [good.length], [good.length + 5], Array.from(bytes.keys())]) {
        const { events, fault } = decode(bytes, cuts)
        expect(events.map(({ type }) => type)).toEqual(['messageStart'])
        expectMalformed(fault, why)
      }
    }
  })

  it('refuses lengths below 16, contradicting ones, and frames over the bound', () => {
    const lengths = (total: number, headers: number) => {
      const frame = frameOf(Buffer.alloc(0), Buffer.alloc(64))
      frame.writeUInt32BE(total, 0)
      frame.writeUInt32BE(headers, 4)
      return Buffer.concat([withChecksum(frame.subarray(0, 8)), frame.subarray(12)])
    }
    expectMalformed(decode(lengths(15, 0), []).fault, 'contradict')
    expectMalformed(decode(lengths(20, 5), []).fault, 'contradict')
    expectMalformed(decode(lengths(40, 0xffffffff), []).fault, 'contradict')
    expectMalformed(decode(lengths(0xffffffff, 0), []).fault, 'longer than 16777216')
    expectMalformed(decode(lengths(16 * 1024 * 1024, 0), []).fault, 'cut off')
    expectMalformed(decode(vectors, [], 100).fault, 'longer than 100')
    expect(decode(vectors, [], 148).fault).toBeNull()
  })

  it('takes any bytes in any pieces, throwing nothing but GatewayError', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(
        ...[delta, stop, empty, throttled].map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
      ),
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.array(fc.nat(1000), { maxLength: 8 }),
        (pieces, places) => {
          const bytes = Buffer.concat(pieces)
          const cuts = places.filter((place) => place <= bytes.length)
          const whole = decode(bytes, [])
          const cut = decode(bytes, cuts)
          expect(cut.events).toEqual(whole.events)
          expect(String(cut.fault)).toBe(String(whole.fault))
          expect(cut.fault === null || cut.fault instanceof GatewayError).toBe(true)
        },
      ),
      { numRuns: 500, verbose: true },
    )
  })

  it('copies a frame that comes in many pieces a bounded number of times', () => {
    const text = 'x'.repeat(4 * 1024 * 1024)
    const frame = encodeException('validationException', { message: text })
    const decoder = createEventStreamDecoder()
    let length = 0
    const copied = countCopies(() => {
      for (let at = 0; at < frame.length; at += 1024) {
        decoder.push(frame.subarray(at, at + 1024), ({ data }) => {
          length = data.length
        })
      }
    })
    expect(length).toBe(text.length + '{"message":""}'.length)
    // Each byte once into the held frame, and the doublings: never more than three times its length.
    expect(copied).toBeLessThan(frame.length * 3)
    expect(copied).toBeGreaterThanOrEqual(frame.length)
  })
})

function withChecksum(lengths: Buffer): Buffer {
  const frame = frameOf(Buffer.alloc(0), Buffer.alloc(0))
  lengths.copy(frame, 0)
  frame.writeUInt32BE(crc32(lengths), 8)
  return frame.subarray(0, 12)
}
