import { describe, expect, it } from 'vitest'
import type { UpstreamRequest } from '../../core/provider.ts'
import { providerSuite } from '../contract.suite.ts'
import { testConnection } from '../testing/chat-call.ts'
import { answerFixtures } from './fixtures/answers.ts'
import { errorFixtures } from './fixtures/errors.ts'
import { streamFixtures } from './fixtures/streams.ts'
import { createAnthropic } from './provider.ts'
import { openaiRateLimits } from './rate-limits.ts'

const provider = createAnthropic()

providerSuite({
  name: 'anthropic',
  provider,
  fixtures: { streams: streamFixtures, answers: answerFixtures, errors: errorFixtures },
})

describe('the list of models', () => {
  const { credential } = testConnection({ settings: { base_url: 'https://proxy.example.com' } })
  const page = (body: object) => ({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) })
  const first = provider.listModels?.request(credential) as UpstreamRequest

  it('is asked of the credential’s own place, page by page', () => {
    expect(first).toMatchObject({
      method: 'GET',
      url: 'https://proxy.example.com/v1/models?limit=1000',
      headers: { 'anthropic-version': '2023-06-01' },
    })
    const data = [{ type: 'model', id: 'claude-a' }, { type: 'model', id: 'claude-b' }, {}]
    const read = provider.listModels?.read(page({ data, has_more: true, last_id: 'claude-b' }), first)
    expect(read?.models).toEqual([
      { id: 'claude-a', kind: 'chat' },
      { id: 'claude-b', kind: 'chat' },
    ])
    expect(read?.next).toMatchObject({
      method: 'GET',
      url: 'https://proxy.example.com/v1/models?limit=1000&after_id=claude-b',
    })
  })

  it('ends with the last page, and never asks for the same one twice', () => {
    expect(
      provider.listModels?.read(page({ data: [], has_more: false, last_id: 'x' }), first).next,
    ).toBeNull()
    const second = { ...first, url: `${first.url}&after_id=x` }
    expect(
      provider.listModels?.read(page({ data: [], has_more: true, last_id: 'x' }), second).next,
    ).toBeNull()
  })

  it('is a failure where it is something else', () => {
    expect(() => provider.listModels?.read(page({ error: 'no' }), first)).toThrow(
      expect.objectContaining({ code: 'upstream_error', reason: 'provider_down' }),
    )
  })
})

describe('the provider', () => {
  it('says what a form asks for, and how requests are signed', () => {
    expect(provider.fields.map(({ name, secret, required }) => [name, secret, required])).toEqual([
      ['api_key', true, true],
      ['base_url', false, false],
    ])
    expect(provider.signer(testConnection().credential)).toBe('x-api-key')
  })

  it('is probed with one token', () => {
    expect(provider.probe(testConnection())).toMatchObject({ operation: 'chat', body: { max_tokens: 1 } })
  })

  it('tells its rate limits in OpenAI’s names', () => {
    const headers = {
      date: 'Thu, 01 Jan 2026 00:00:00 GMT',
      'anthropic-ratelimit-requests-limit': '4000',
      'anthropic-ratelimit-requests-remaining': '3999',
      'anthropic-ratelimit-requests-reset': '2026-01-01T00:01:30Z',
      'anthropic-ratelimit-tokens-limit': '480000',
      'anthropic-ratelimit-tokens-remaining': 'a lot',
    }
    expect(openaiRateLimits(headers)).toEqual({
      'x-ratelimit-limit-requests': '4000',
      'x-ratelimit-remaining-requests': '3999',
      'x-ratelimit-reset-requests': '1m30s',
      'x-ratelimit-limit-tokens': '480000',
    })
    expect(openaiRateLimits({})).toEqual({})
  })
})
