import { describe, expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import { pickError } from './pick-error.ts'

const own = new GatewayError('invalid_request', 'no such parameter')
const limited = new GatewayError('rate_limit_exceeded', 'slow down', {
  reason: 'rate_limit',
  retryAfterMs: 40_000,
})
const unavailable = new GatewayError('overloaded', 'too many requests')
const late = new GatewayError('upstream_timeout', 'too late', { reason: 'timeout' })
const broken = new GatewayError('upstream_error', 'broken', { reason: 'provider_down' })
const never = () => null
const unknownModel = new GatewayError('model_not_found', 'no such deployment', { reason: 'model_not_found' })

describe('of several failures', () => {
  it.each([
    ['its own 4xx', [broken, late, unavailable, limited, own], 400],
    ['else 429', [broken, late, unavailable, limited], 429],
    ['else 503', [broken, late, unavailable], 503],
    ['else 504', [broken, late], 504],
    ['else 502', [broken], 502],
  ])('%s, in whatever order they came', (_, errors, status) => {
    expect(pickError(errors, never).status).toBe(status)
    expect(pickError(errors.toReversed(), never).status).toBe(status)
  })

  it('a wrong model of the gateway is not the caller’s to mend', () => {
    expect(pickError([unknownModel, limited], never).status).toBe(429)
    expect(pickError([unknownModel, late], never)).toBe(late)
  })

  it('of equal ones the first', () => {
    const again = new GatewayError('upstream_error', 'broken again', { reason: 'network' })
    expect(pickError([broken, again], never)).toBe(broken)
  })

  it('429 says when the soonest candidate returns, and all else as it was', () => {
    const told = new GatewayError('rate_limit_exceeded', 'slow down', {
      reason: 'rate_limit',
      retryAfterMs: 40_000,
      costly: false,
      upstreamCode: 'tokens',
      upstreamType: 'requests',
      upstream: { status: 429, message: 'slow down' },
    })
    const shown = pickError([told], () => 8_999.2)
    expect(shown.retryAfterMs).toBe(9_000)
    const { status, code, shownCode, type, message, reason, costly, upstream } = told
    expect(shown).toMatchObject({ status, code, shownCode, type, message, reason, costly, upstream })
  })

  it('never says a time that is not ahead', () => {
    expect(pickError([limited], () => 0).retryAfterMs).toBe(1)
  })

  it('nothing is asked about a return that nobody is told of', () => {
    const asked = () => {
      throw new Error('asked')
    }
    expect(pickError([broken, late], asked)).toBe(late)
    expect(pickError([limited, own], asked)).toBe(own)
  })

  it('none is a fault of the gateway', () => {
    expect(() => pickError([], never)).toThrow('a request that failed has an error')
  })
})
