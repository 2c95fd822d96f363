import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import { Refusal } from './refusals.ts'
import { wwwAuthenticate } from './www-authenticate.ts'

describe('wwwAuthenticate', () => {
  it('only asks, where nothing was shown', () => {
    expect(wwwAuthenticate(new Refusal('missing'))).toBe('Bearer realm="modelgate"')
  })

  it('says what is wrong with what was shown', () => {
    expect(wwwAuthenticate(new Refusal('expired'))).toBe(
      'Bearer realm="modelgate", error="invalid_token", ' +
        'error_description="The token has expired. Get a new one from its issuer."',
    )
  })

  it('is one header of plain characters, whatever the message', () => {
    const shape =
      /^Bearer realm="modelgate", error="invalid_token", error_description="[\x20-\x21\x23-\x5b\x5d-\x7e]*"$/
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (message) => {
        const header = wwwAuthenticate(new GatewayError('invalid_api_key', message))
        expect(header).toMatch(shape)
        expect(header.length).toBeLessThan(300)
      }),
      { verbose: 1 },
    )
  })
})
