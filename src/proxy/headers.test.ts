import { describe, expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import {
  headerList,
  headersForUpstream,
  keepFromUpstream,
  headerText,
  readHeaderText,
  requestIdOf,
  retryHeaders,
  upstreamRequestId,
} from './headers.ts'

function keptOf(sent: Readonly<Record<string, string>>): object {
  const kept = {}
  keepFromUpstream(kept, sent, undefined)
  return kept
}

describe('headers', () => {
  it('go upstream by a list only', () => {
    const planted = {
      authorization: 'Bearer x',
      'api-key': 'x',
      cookie: 'a=b',
      connection: 'keep-alive',
      'x-forwarded-for': '10.0.0.1',
      forwarded: 'for=10.0.0.1',
      'x-modelgate-team': 'a',
      'user-agent': 'sdk',
      'proxy-authorization': 'x',
      'openai-beta': 'b',
      traceparent: '00-1',
    }
    expect(headersForUpstream(planted)).toEqual({ 'openai-beta': 'b', traceparent: '00-1' })
  })

  it('go upstream only as long as servers take them', () => {
    const planted = { 'idempotency-key': 'k'.repeat(1025), tracestate: 't'.repeat(1024) }
    expect(headersForUpstream(planted)).toEqual({ tracestate: planted.tracestate })
  })

  it('come back by a list only', () => {
    const sent = { 'set-cookie': 'a', 'x-ratelimit-limit-tokens': '9', 'request-id': 'r1', server: 's' }
    expect(keptOf(sent)).toEqual({ 'x-ratelimit-limit-tokens': '9' })
    expect(upstreamRequestId(sent)).toBe('r1')
  })

  it('come back in a number and of a length that any client takes', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`x-ratelimit-${at}`, 'v']))
    expect(Object.keys(keptOf(many))).toHaveLength(32)
    const long = { 'x-ratelimit-a': 'v'.repeat(300), 'openai-processing-ms': '9'.repeat(300) }
    expect(keptOf(long)).toEqual({})
  })

  it('keep a sane request id and replace any other', () => {
    const make = () => '11111111222233334444555555555555'
    expect(requestIdOf({ 'x-request-id': 'trace:1/2' }, make)).toEqual({ id: 'trace:1/2', isOwn: false })
    for (const bad of ['', 'a b', 'é', '<x>', 'a'.repeat(129)]) {
      const own = { id: 'req_11111111222233334444555555555555', isOwn: true }
      expect(requestIdOf({ 'x-request-id': bad }, make)).toEqual(own)
    }
  })

  it('send clients away for 60 s at the most, and only on 429 and 503', () => {
    const error = (code: 'rate_limit_exceeded' | 'upstream_error', retryAfterMs: number) =>
      new GatewayError(code, 'x', { retryAfterMs })
    expect(retryHeaders(error('rate_limit_exceeded', 1200))).toEqual({
      'retry-after': '2',
      'retry-after-ms': '1200',
    })
    expect(retryHeaders(error('rate_limit_exceeded', 86_400_000))['retry-after']).toBe('60')
    expect(retryHeaders(error('upstream_error', 1200))).toEqual({})
  })

  it('carry names of any letters', () => {
    expect(headerText('prod key-2')).toBe('prod key-2')
    expect(headerText('größe\n')).toBe('gr%C3%B6%C3%9Fe%0A')
    for (const name of ['prod key-2', 'größe', '100 %', '%41'])
      expect(readHeaderText(headerText(name))).toBe(name)
    expect(readHeaderText('50%')).toBe('50%')
  })
})

describe('a list of names that the client wrote', () => {
  it('is shown whole where it is short, in ASCII', () => {
    expect(headerList(['seed', 'logit_bias'])).toBe('seed, logit_bias')
    expect(headerList(['a\r\nb', '\u00fc', '\ud800'])).toBe('a%0D%0Ab, %C3%BC, %EF%BF%BD')
  })

  it('is bounded, however many there are and however long one is', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => `field_${index}`)
    const shown = headerList(many)
    expect(shown.length).toBeLessThan(2100)
    const listed = shown.split(', ').length - 1
    expect(shown).toMatch(new RegExp(`^field_0, field_1, .*, and ${100_000 - listed} more$`))
    expect(headerList(['x'.repeat(10_000_000), 'seed'])).toBe('and 2 more')
  })
})
