import { describe, expect, it } from 'vitest'
import { testConnection } from '../testing/chat-call.ts'
import { readError, readStreamError } from './read-error.ts'
import { retryHint } from './retry-hint.ts'

const connection = testConnection()
const read = (status: number, body: object, headers = {}, now?: number) =>
  readError({
    status,
    headers,
    body: Buffer.from(JSON.stringify(body)),
    connection,
    ...(now === undefined ? {} : { now }),
  })

describe('what is shown', () => {
  it('is the refusal itself, without secrets and of bounded length', () => {
    const told = read(400, {
      error: { message: `Bad header "Bearer abcdef123456", key sk-proj-abc_DEF-123. ${'x '.repeat(5000)}` },
    })
    expect(told.message).toContain('Bad header "Bearer [redacted]", key [redacted]')
    expect(told.message.length).toBeLessThan(2100)
    const parameter = read(400, { error: { message: 'skip_special_tokens is not supported' } })
    expect(parameter.message).toBe('skip_special_tokens is not supported')
  })

  it('is never what the provider said of the account; operators see that, with its status', () => {
    const told = read(403, { error: { message: 'Organisation acme-1 is disabled' } })
    expect(told.message).not.toContain('acme')
    expect(told.upstream).toEqual({ status: 403, message: 'Organisation acme-1 is disabled' })
  })

  it('has no secret in its code, type or parameter', () => {
    const key = 'sk-planted0123456789'
    const told = read(400, { error: { message: 'x', code: key, type: key, param: key } })
    expect(JSON.stringify([told.shownCode, told.type, told.param])).not.toContain('planted')
  })
})

describe('texts that only quote the caller', () => {
  it('are not taken for what they quote', () => {
    const told = read(400, { error: { message: 'Model output for tool `not found` was invalid' } })
    expect(told).toMatchObject({ status: 400, reason: null })
  })

  it('put no connection out of service', () => {
    const quotes = [
      'Invalid value: "incorrect api key".',
      'You said: model not exist',
      'Unknown word: insufficient balance',
    ]
    for (const message of quotes)
      expect(read(400, { error: { message } })).toMatchObject({ status: 400, reason: null })
  })
})

describe('an error in a stream', () => {
  it.each<[object | string, object]>([
    [{ error: { code: 'insufficient_quota' } }, { reason: 'quota', status: 429 }],
    [{ error: { type: 'rate_limit_error' } }, { reason: 'rate_limit' }],
    [{ error: { type: 'authentication_error' } }, { reason: 'authentication', status: 502 }],
    [{ error: { type: 'permission_error' } }, { reason: 'permission' }],
    [{ error: { code: 'model_not_found' } }, { reason: 'model_not_found' }],
    [{ error: { type: 'overloaded_error' } }, { reason: 'provider_down', status: 502 }],
    [{ error: { type: 'timeout' } }, { reason: 'provider_down' }],
    [{ error: { type: 'server_error', code: 'invalid_response' } }, { reason: null, status: 400 }],
    [{ error: { message: 'x', code: 'context_length_exceeded' } }, { code: 'context_length_exceeded' }],
    [{ error: { message: 'x', type: 'invalid_request_error', code: 413 } }, { status: 413 }],
    [{ error: [{ message: 'x' }] }, { reason: 'provider_down' }],
    [[{ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'x' } }], { reason: 'rate_limit' }],
    ['gone', { message: 'The provider failed (500): gone' }],
  ])('%j has the status that it implies', (value, expected) => {
    expect(readStreamError(value)).toMatchObject({ ...expected, upstream: { status: null } })
  })
})

describe('retryHint', () => {
  const date = 'Fri, 21 Nov 2025 10:00:00 GMT'
  const later = 'Fri, 21 Nov 2025 10:00:30 GMT'

  it.each<[string, Record<string, string>, number | undefined, number | undefined]>([
    ['milliseconds before seconds', { 'retry-after-ms': '20', 'retry-after': '3' }, undefined, 20],
    ['seconds with a fraction', { 'retry-after': '1.5' }, undefined, 1500],
    ['a date after the answer’s', { 'retry-after': later, date }, 0, 30_000],
    ['a date after the clock’s', { 'retry-after': later }, Date.parse(date), 30_000],
    ['a date that is over', { 'retry-after': date, date: later }, undefined, 0],
    ['a date without a clock', { 'retry-after': later }, undefined, undefined],
    [
      'nonsense',
      { 'retry-after': '-3', 'retry-after-ms': 'NaN', 'x-ratelimit-reset': '' },
      undefined,
      undefined,
    ],
    [
      'a reset of what is not used up',
      { 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': '9s' },
      undefined,
      undefined,
    ],
    [
      'the longest of two resets',
      {
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '9.5s',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '12ms',
      },
      undefined,
      9500,
    ],
    [
      'a reset in plain seconds',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2.5' },
      undefined,
      2500,
    ],
    [
      'a reset as a time',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1763719230', date },
      undefined,
      30_000,
    ],
    [
      'a reset as a time in ms',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1763719230500', date },
      undefined,
      30_500,
    ],
  ])('reads %s', (_, headers, now, expected) => {
    expect(retryHint({ headers, message: '', now })).toBe(expected)
  })

  it.each([
    ['Please try again in 1.2s.', 1200],
    ['Please try again in 6m0s. Visit us.', 360_000],
    ['try again in 20ms', 20],
    ['Please retry after 86400 seconds.', 86_400_000],
    ['Retry in 2 hours 5 minutes', 7_500_000],
    ['Please wait 3 minutes', 180_000],
    ['Try another model, 5 minutes are not enough', undefined],
    ['Retry limit of 3 reached', undefined],
  ])('reads %j', (message, expected) => {
    expect(retryHint({ headers: {}, message })).toBe(expected)
  })
})
