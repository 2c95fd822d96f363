import { describe, expect, it } from 'vitest'
import { testConnection } from '../testing/chat-call.ts'
import { baseUrl, jsonRequest, pickHeaders } from './json-request.ts'

describe('jsonRequest', () => {
  it("lays the connection's overrides over body and headers", () => {
    const connection = testConnection({
      overrides: { set: { top_k: 5, max_tokens: 9 }, drop: ['metadata', 'top_k'], headers: { 'X-Own': 'a' } },
    })
    const body = { model: 'm', max_tokens: 1, metadata: {} }
    const request = jsonRequest({
      url: 'https://example.com/x',
      body,
      headers: { 'x-a': 'b', 'x-c': undefined },
      connection,
    })
    expect(request).toEqual({
      method: 'POST',
      url: 'https://example.com/x',
      headers: { 'x-a': 'b', 'content-type': 'application/json', 'x-own': 'a' },
      body: '{"model":"m","max_tokens":9,"top_k":5}',
    })
  })
})

describe('baseUrl', () => {
  it.each([
    [undefined, 'https://api.example.com'],
    ['', 'https://api.example.com'],
    ['https://proxy.example.com/anthropic/', 'https://proxy.example.com/anthropic'],
    ['https://proxy.example.com/v1/', 'https://proxy.example.com'],
  ])('%s', (given, url) => {
    const { credential } = testConnection({ settings: given === undefined ? {} : { base_url: given } })
    expect(baseUrl(credential, 'https://api.example.com/')).toBe(url)
  })
})

describe('pickHeaders', () => {
  it('takes only what is named', () => {
    expect(pickHeaders({ a: '1', b: '2', c: undefined }, ['a', 'c', 'd'])).toEqual({ a: '1' })
  })
})
