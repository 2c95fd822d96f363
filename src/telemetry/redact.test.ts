import { describe, expect, it } from 'vitest'
import { Secret } from '../core/secret.ts'
import { createRedact } from './redact.ts'

const redact = createRedact()

describe('redact', () => {
  it.each([
    'authorization',
    'Authorization',
    'proxy-authorization',
    'api_key',
    'apiKey',
    'api-key',
    'x-api-key',
    'x-goog-api-key',
    'cookie',
    'set-cookie',
    'access_token',
    'idToken',
    'aws_session_token',
    'aws_secret_access_key',
    'client_secret',
    'secrets',
    'password',
    'private_key',
    'masterKey',
    'headers',
    'messages',
    'prompt',
    'body',
  ])('masks %s, at any depth', (name) => {
    expect(redact({ [name]: 'plain' })).toEqual({ [name]: '[redacted]' })
    const deep = redact({ request: [{ inner: { [name]: { any: 'plain' } } }] })
    expect(deep).toEqual({ request: [{ inner: { [name]: '[redacted]' } }] })
  })

  it('leaves counts, and what only resembles', () => {
    const fields = {
      token: 3,
      tokens: 'many',
      usage: { input: 1 },
      model: 'gpt',
      credential: 'openai-main',
      keys: 2,
    }
    expect(redact(fields)).toEqual(fields)
  })

  it('shows values of every kind in a form that can be written', () => {
    const shown = redact({
      secret_class: new Secret('plain'),
      value: new Secret('plain'),
      error: new Error('boom'),
      bytes: Buffer.from('plain'),
      when: new Date(0),
      count: 10n,
      url: new URL('https://user:plainpass@host.test/'),
      nothing: null,
    })
    expect(shown).toMatchObject({
      value: '[secret]',
      error: { message: 'boom' },
      bytes: '[5 bytes]',
      when: '1970-01-01T00:00:00.000Z',
      count: '10',
      nothing: null,
    })
    expect(JSON.stringify(shown)).not.toContain('plain')
  })

  it('is bounded in depth, breadth and length, cycles included', () => {
    const cycle: Record<string, unknown> = { long: 'word '.repeat(5000), many: Array(5000).fill(1) }
    cycle['self'] = cycle
    cycle['wide'] = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`name${index}`, index]))
    expect(JSON.stringify(redact(cycle)).length).toBeLessThan(50_000)
  })
})
