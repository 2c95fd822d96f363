import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodedLength, parseDataUrl, readBase64 } from './data-url.ts'

describe('parseDataUrl', () => {
  it.each([
    ['data:image/png;base64,aGVsbG8=', 'image/png', 'aGVsbG8='],
    ['DATA:Image/PNG;Base64,aGVsbG8=', 'image/png', 'aGVsbG8='],
    ['data:text/plain;charset=utf-8;base64,aGk=', 'text/plain', 'aGk='],
    ['data:text/plain,hello%20there', 'text/plain', 'aGVsbG8gdGhlcmU='],
    ['data:,hi', 'text/plain', 'aGk='],
    ['data:application/pdf;base64,aGVs\nbG8', 'application/pdf', 'aGVsbG8='],
    ['data:image/gif;base64,_-8', 'image/gif', '/+8='],
  ])('%s', (url, mediaType, base64) => {
    expect(parseDataUrl(url, 'at')).toEqual({ mediaType, base64 })
  })

  it.each([
    'data:image/png;base64',
    'https://example.com/a.png',
    'data:image/png;base64,',
    'data:image/png;base64,a',
    'data:image/png;base64,a*b=',
    'data:text/plain,%E0%A4%A',
    `data:${'x'.repeat(300)},hi`,
  ])('refuses %s', (url) => {
    expect(() => parseDataUrl(url, 'messages[0].content[1]')).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'messages[0].content[1]' }),
    )
  })

  it('refuses what is larger than the bound', () => {
    const url = `data:image/png;base64,${Buffer.alloc(100).toString('base64')}`
    expect(parseDataUrl(url, 'at', { maxBytes: 100 }).mediaType).toBe('image/png')
    expect(() => parseDataUrl(url, 'at', { maxBytes: 99 })).toThrow('larger than 99 bytes')
  })
})

describe('readBase64', () => {
  it('reads every spelling of any bytes, and nothing else', () => {
    const seed = Date.now()
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        const plain = Buffer.from(bytes).toString('base64')
        const spellings = [
          plain,
          plain.replaceAll('=', ''),
          Buffer.from(bytes).toString('base64url'),
          plain.replaceAll(/(.{7})/g, '$1\r\n'),
        ]
        for (const spelling of spellings) expect(readBase64(spelling, 'at')).toBe(plain)
        expect(decodedLength(plain)).toBe(bytes.length)
      }),
      { seed },
    )
  })

  it('takes tens of megabytes', () => {
    const plain = Buffer.alloc(24 * 1024 * 1024, 7).toString('base64')
    expect(readBase64(plain, 'at')).toBe(plain)
    expect(() => readBase64(`${plain.slice(0, -1)}!`, 'at')).toThrow('not valid base64')
  })
})
