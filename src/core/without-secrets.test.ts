import { describe, expect, it } from 'vitest'
import type { Credential } from './entities.ts'
import { GatewayError } from './errors.ts'
import { Secret } from './secret.ts'
import { withoutSecrets } from './without-secrets.ts'

const key = '1b671a64-40d5"491e'
const credential = { secrets: { api_key: new Secret(key) } } as unknown as Credential

describe('withoutSecrets', () => {
  it.each([
    ['as it is', key],
    ['in a URL', encodeURIComponent(key)],
    ['in a URL, all of it', encodeURIComponent(key).replaceAll('-', '%2D')],
    ['in JSON', JSON.stringify(key).slice(1, -1)],
    ['in base64', Buffer.from(key).toString('base64')],
    ['in base64url', Buffer.from(key).toString('base64url')],
    ['in hex', Buffer.from(key).toString('hex')],
  ])('takes the credential’s own key out, %s', (_, spelling) => {
    const upstream = { status: 400, message: `bad key ${spelling}` }
    const error = new GatewayError('invalid_request', `no good: ${spelling}.`, {
      status: 422,
      upstream,
      param: 'x',
    })
    const clean = withoutSecrets(error, credential)
    expect(clean.message).toBe('no good: [redacted].')
    expect(clean.upstream?.message).toBe('bad key [redacted]')
    expect(clean).toMatchObject({ code: 'invalid_request', status: 422, param: 'x', reason: null })
  })

  it('takes out a key that no URL can hold', () => {
    const odd = 'half-of-a-pair-\ud800'
    const held = { secrets: { api_key: new Secret(odd) } } as unknown as Credential
    const sent = Buffer.from(odd).toString()
    const error = new GatewayError('upstream_error', `bad key ${odd} ${encodeURIComponent(sent)}`)
    expect(withoutSecrets(error, held).message).toBe('bad key [redacted] [redacted]')
  })

  it('is the same error where there is nothing to take out', () => {
    const error = new GatewayError('upstream_error', 'broken', { reason: 'provider_down' })
    expect(withoutSecrets(error, credential)).toBe(error)
  })
})
