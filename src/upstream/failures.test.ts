import { describe, expect, it } from 'vitest'
import { networkError } from './failures.ts'

const coded = (code: string) => Object.assign(new Error(`connect ${code}`), { code })

describe('a socket that cannot be had', () => {
  it.each(['EMFILE', 'ENFILE'])('for want of files (%s) is the gateway’s own fault', (code) => {
    for (const cause of [coded(code), new AggregateError([coded(code), coded(code)])]) {
      expect(networkError('connecting', cause, false)).toMatchObject({
        code: 'overloaded',
        status: 503,
        reason: null,
        costly: false,
        retryAfterMs: 1000,
      })
    }
  })

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH'])('otherwise (%s) is the connection’s', (code) => {
    const cause = new AggregateError([coded(code), coded('ENETUNREACH')])
    expect(networkError('connecting', cause, false)).toMatchObject({
      code: 'upstream_error',
      reason: 'network',
    })
  })
})
