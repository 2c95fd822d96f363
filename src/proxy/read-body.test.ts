import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { readBody } from './read-body.ts'

function incoming(headers: IncomingHttpHeaders): IncomingMessage {
  return Object.assign(Readable.from([Buffer.from('{"a"'), Buffer.from(':1}')]), {
    headers,
  }) as unknown as IncomingMessage
}

describe('a body', () => {
  it.each([{}, { 'content-encoding': 'identity' }, { 'content-encoding': 'Identity' }])(
    'that is not compressed is read as it is: %o',
    async (headers) => {
      expect(String(Buffer.concat(await readBody(incoming(headers), 7)))).toBe('{"a":1}')
    },
  )

  it('that is compressed is refused, however the coding is spelt', () => {
    for (const coding of ['gzip', 'GZIP', 'br', 'identity, gzip']) {
      expect(() => readBody(incoming({ 'content-encoding': coding }), 7)).toThrow(
        expect.objectContaining({ code: 'invalid_request', status: 415 }) as Error,
      )
    }
  })

  it('over the bound is refused, announced or not', async () => {
    await expect(readBody(incoming({}), 6)).rejects.toMatchObject({ code: 'request_too_large' })
    expect(() => readBody(incoming({ 'content-length': '7' }), 6)).toThrow(
      expect.objectContaining({ code: 'request_too_large' }) as Error,
    )
  })
})
