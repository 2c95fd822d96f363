import { describe, expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import { errorView } from './error-view.ts'

function caught(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

describe('errorView', () => {
  it('shows an unexpected error with its code and frames', () => {
    const error = Object.assign(new TypeError('no such thing'), { code: 'ERR_THING' })
    const view = errorView(error)
    expect(view).toMatchObject({ type: 'TypeError', message: 'no such thing', code: 'ERR_THING' })
    expect(view.stack?.[0]).toContain('error-view.test.ts')
    expect(view.stack?.every((frame) => frame.startsWith('at '))).toBe(true)
  })

  it('shows of the gateway’s own what it says, without frames', () => {
    const error = new GatewayError('upstream_error', 'The provider failed.', {
      reason: 'provider_down',
      upstream: { status: 503, message: 'overloaded' },
    })
    expect(errorView(error)).toEqual({
      type: 'GatewayError',
      message: 'The provider failed.',
      code: 'upstream_error',
      reason: 'provider_down',
      upstream: { status: 503, message: 'overloaded' },
    })
  })

  it('names a cause without its words', () => {
    const cause = Object.assign(new Error('connecting with plain-secret'), { code: 'ECONNREFUSED' })
    const view = errorView(new GatewayError('upstream_error', 'Unreachable.', { cause }))
    expect(view.cause).toEqual({ type: 'Error', code: 'ECONNREFUSED' })
    expect(JSON.stringify(view)).not.toContain('plain-secret')
  })

  it('shows nothing that a library hung on its error', () => {
    const error = Object.assign(new Error('failed'), {
      headers: { authorization: 'plain-secret' },
      body: 'plain-secret',
      code: 'plain-secret!',
    })
    expect(JSON.stringify(errorView(error))).not.toContain('plain-secret')
  })

  it.each(['private', '["private",]', '{"a":"private" "b"}'])(
    'does not quote the text that JSON.parse could not read: %s',
    (text) => {
      const view = errorView(caught(() => JSON.parse(text)))
      expect(view.type).toBe('SyntaxError')
      expect(JSON.stringify(view)).not.toContain('private')
    },
  )

  it('is bounded', () => {
    const error = new Error('long '.repeat(5000))
    error.stack = `Error\n${'    at thing (file.js:1:1)\n'.repeat(500)}`
    expect(JSON.stringify(errorView(error)).length).toBeLessThan(3000)
  })
})
