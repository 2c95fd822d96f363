import { describe, expect, it } from 'vitest'
import { isContextOverflow } from './context-overflow.ts'
import { answeredAt, openaiDuration, retryAfterMs } from './retry-after.ts'
import { scrub } from './scrub.ts'
import { upstreamError } from './upstream-error.ts'

describe('retryAfterMs', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  it.each([
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '1250', 'retry-after': '9' }, 1250],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-1' }, undefined],
    [{}, undefined],
  ])('%o', (headers, ms) => {
    expect(retryAfterMs(headers, now)).toBe(ms)
  })

  it('counts a date from the time of the answer', () => {
    const headers = { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }
    expect(answeredAt(headers)).toBe(now)
    expect(retryAfterMs(headers)).toBe(60_000)
    expect(retryAfterMs({ 'retry-after': headers['retry-after'] })).toBeUndefined()
  })
})

describe('openaiDuration', () => {
  it.each([
    [0, '0s'],
    [12.3, '13ms'],
    [6000, '6s'],
    [90_000, '1m30s'],
    [7_205_000, '2h0m5s'],
  ])('%d ms is %s', (ms, text) => {
    expect(openaiDuration(ms)).toBe(text)
  })
})

describe('scrub', () => {
  const made = (prefix: string, length: number) => prefix + 'Ab3dEf7h'.repeat(8).slice(0, length)
  it.each([
    [`Incorrect API key provided: ${made('sk-proj-', 30)}.`],
    [`invalid x-api-key ${made('sk-ant-api03-', 40)}`],
    [`key ${made('AIza', 35)} is not valid`],
    [`Bearer ${made('eyJ', 60)}`],
    [`The security token ${made('AKIA', 16)} is invalid`],
    ['Incorrect API key provided: sk-ab***********xyz1.'],
    [`token ${made('', 40)} expired`],
  ])('%s', (message) => {
    expect(scrub(message)).toContain('[redacted]')
    expect(scrub(message)).not.toMatch(/Ab3dEf7h|xyz1/)
  })

  it('leaves plain words and request ids alone', () => {
    const message = 'messages.1: all messages must have non-empty content (request_id: req_011CRb7b5b9)'
    expect(scrub(message)).toBe(message)
    expect(scrub('claude-sonnet-4-5-20250929 was not found')).toBe('claude-sonnet-4-5-20250929 was not found')
  })

  it('bounds the length', () => {
    expect(scrub('word '.repeat(10_000)).length).toBeLessThan(2100)
  })
})

describe('isContextOverflow', () => {
  it.each([
    'prompt is too long: 210000 tokens > 200000 maximum',
    'Input is too long for requested model.',
    "This model's maximum context length is 8192 tokens.",
    'The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).',
    'input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000',
    'too many tokens: total number of tokens in the prompt cannot exceed 4081',
    'litellm.ContextWindowExceededError: the prompt has 9000 tokens',
  ])('%s', (message) => {
    expect(isContextOverflow(message)).toBe(true)
  })

  it.each([
    'Too many tokens per day, please wait',
    'max_tokens is too large',
    'Number of request tokens exceeded',
  ])('not: %s', (message) => {
    expect(isContextOverflow(message)).toBe(false)
  })
})

describe('upstreamError', () => {
  it.each([
    [400, 'invalid_request', 400, null, true],
    [404, 'invalid_request', 404, null, true],
    [413, 'request_too_large', 413, null, true],
    [415, 'invalid_request', 415, null, true],
    [422, 'invalid_request', 422, null, true],
    [401, 'upstream_auth_failed', 502, 'authentication', false],
    [403, 'upstream_auth_failed', 502, 'permission', false],
    [402, 'rate_limit_exceeded', 429, 'quota', false],
    [429, 'rate_limit_exceeded', 429, 'rate_limit', false],
    [302, 'upstream_error', 502, 'provider_down', true],
    [408, 'upstream_error', 502, 'provider_down', true],
    [409, 'upstream_error', 502, 'provider_down', true],
    [424, 'upstream_error', 502, 'provider_down', true],
    [498, 'upstream_error', 502, 'provider_down', true],
    [500, 'upstream_error', 502, 'provider_down', true],
    [504, 'upstream_error', 502, 'provider_down', true],
    [529, 'upstream_error', 502, 'provider_down', true],
  ])('%d is %s', (status, code, shown, reason, costly) => {
    expect(upstreamError({ status, message: 'why' })).toMatchObject({
      code,
      status: shown,
      reason,
      costly,
      upstream: { status, message: 'why' },
    })
  })

  it("shows callers the provider's words on their request, not those on the gateway's account", () => {
    expect(upstreamError({ status: 400, message: 'top_p: out of range' }).message).toBe('top_p: out of range')
    expect(upstreamError({ status: 500, message: 'oops' }).message).toBe('The provider failed (500): oops')
    expect(upstreamError({ status: 401, message: 'bad key of Acme Ltd' }).message).not.toContain('Acme')
    expect(upstreamError({ status: 400, message: null }).message).toBe(
      'The provider refused the request (400).',
    )
  })

  it("takes the provider's better knowledge, hints and no keys", () => {
    expect(
      upstreamError({ status: 400, message: null, reason: 'model_not_found', retryAfterMs: 5 }),
    ).toMatchObject({
      code: 'upstream_error',
      status: 502,
      reason: 'model_not_found',
      retryAfterMs: 5,
    })
    expect(upstreamError({ status: 400, message: `bad key sk-${'a1'.repeat(20)}` }).message).toBe(
      'bad key [redacted]',
    )
    expect(upstreamError({ status: 400, message: 'prompt is too long' }).code).toBe('context_length_exceeded')
    expect(upstreamError({ status: 529, message: 'Overloaded', inStream: true }).upstream).toEqual({
      status: null,
      message: 'Overloaded',
    })
  })

  it('never shows a status that is about the gateway as one about the caller', () => {
    for (const status of [200, 401, 402, 403, 429, 500]) {
      expect(upstreamError({ status, message: 'no', reason: null }).status).toBe(400)
    }
  })
})
