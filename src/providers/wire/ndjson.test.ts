import { describe, expect, it } from 'vitest'
import { createNdjsonDecoder } from './ndjson.ts'

function decode(chunks: Iterable<Uint8Array>, options = {}): string[] {
  const decoder = createNdjsonDecoder(options)
  const lines: string[] = []
  for (const chunk of chunks) decoder.push(Buffer.from(chunk), ({ data }) => void lines.push(data))
  decoder.end(({ data }) => void lines.push(data))
  return lines
}

describe('createNdjsonDecoder', () => {
  it.each([
    ['lines', '{"a":1}\n{"b":"é🎈"}\n', ['{"a":1}', '{"b":"é🎈"}']],
    ['a last line without its end', '{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']],
    ['CRLF and empty lines', '\r\n{"a":1}\r\n\n \n{"b":2}\r\n', ['{"a":1}', '{"b":2}']],
    ['nothing', '', []],
  ])('reads %s, cut anywhere', (_, text, lines) => {
    const bytes = Buffer.from(text)
    expect(decode([bytes])).toEqual(lines)
    expect(decode(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(lines)
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(lines)
    }
  })

  it('refuses a line over its bound, however it comes', () => {
    const bytes = Buffer.from(`{}\n${'x'.repeat(100)}\n`)
    const bounded = { maxEventBytes: 64 }
    expect(() => decode([bytes], bounded)).toThrow(expect.objectContaining({ reason: 'provider_down' }))
    expect(() =>
      decode(
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
        bounded,
      ),
    ).toThrow('longer than 64 bytes')
    expect(decode([bytes], { maxEventBytes: 100 })).toHaveLength(2)
  })
})
