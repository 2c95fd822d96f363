import { describe, expect, it } from 'vitest'
import type { Translator, UpstreamRequest, UpstreamResponse } from '../../core/provider.ts'
import { providerSuite } from '../contract.suite.ts'
import { createProviders } from '../index.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { runStream } from '../testing/drive-stream.ts'
import { answerFixtures, chatAnswer, plain, text } from './fixtures/answers.ts'
import { errorFixtures } from './fixtures/errors.ts'
import { content, done, end, plan, sse, start, tool } from './fixtures/frames.ts'
import { streamFixtures } from './fixtures/streams.ts'
import { createCohere } from './provider.ts'

const provider = createCohere()
const { chat } = provider.operations as { chat: Translator }

providerSuite({
  name: 'cohere',
  provider,
  fixtures: { streams: streamFixtures, answers: answerFixtures, errors: errorFixtures },
})

describe('what only Cohere answers', () => {
  const messages = [{ role: 'user' as const, content: 'hi' }]
  const streamed = async (body: object, events: Parameters<typeof sse>[0]) => {
    const call = chatCall({ body: { messages, stream: true, ...body } })
    const { events: sent } = await runStream({ translator: chat, call, chunks: [sse(events)] })
    return sent.map((event) => JSON.parse(event) as { choices: { delta: object; logprobs?: unknown }[] })
  }

  it('the plan stands beside the text', async () => {
    const message = { tool_plan: 'I look.', tool_calls: [{ id: 'f_1', function: { name: 'f' } }] }
    const { body } = await chat.readResponse(chatAnswer(message, 'TOOL_CALL'), plain)
    expect(body).toMatchObject({ choices: [{ message: { content: null, tool_plan: 'I look.' } }] })

    const chunks = await streamed({}, [
      start,
      plan('I '),
      plan('look.'),
      ...tool(0, 'f_1', 'f'),
      end('TOOL_CALL'),
    ])
    const deltas = chunks.map(({ choices }) => choices[0]?.delta)
    expect(deltas.filter((delta) => delta !== undefined && 'tool_plan' in delta)).toEqual([
      { tool_plan: 'I ' },
      { tool_plan: 'look.' },
    ])
  })

  it('the mark of the end, which says nothing more', async () => {
    const events = [start, ...content('text', 0, 'x'), end('COMPLETE')]
    expect(await streamed({}, [...events, done])).toEqual(await streamed({}, events))
  })

  const given = { text: 'hé', token_ids: [1, 2], logprobs: [-0.5, -1] }
  const shown = {
    content: [{ token: 'hé', logprob: -1.5, bytes: [104, 195, 169], top_logprobs: [] }],
    refusal: null,
  }

  it('log probabilities, for who asked', async () => {
    const answers = chatAnswer({ content: [text('hé')] }, 'COMPLETE', { logprobs: [given] })
    const asking = chatCall({ body: { messages, logprobs: true } })
    expect(await chat.readResponse(answers, asking)).toMatchObject({
      body: { choices: [{ logprobs: shown }] },
    })
    expect(await chat.readResponse(answers, plain)).toMatchObject({ body: { choices: [{ logprobs: null }] } })

    const events = content('text', 0, 'hé').map((event) => ({ ...event, logprobs: given }))
    const chunks = await streamed({ logprobs: true }, [start, ...events, end('COMPLETE')])
    expect(chunks.flatMap(({ choices }) => choices[0]?.logprobs ?? [])).toEqual([shown])
  })

  it.each([
    ['ERROR', { code: 'upstream_error', reason: 'provider_down' }],
    ['TIMEOUT', { code: 'upstream_timeout', reason: 'timeout' }],
  ])('a whole answer that ended with %s is a failure', (reason, expected) => {
    const answers = chatAnswer({ content: [text('so far')] }, reason)
    expect(() => chat.readResponse(answers, plain)).toThrow(expect.objectContaining(expected))
  })
})

describe('the list of models', () => {
  const { credential } = testConnection({ settings: { base_url: 'https://proxy.example.com' } })
  const first = provider.listModels?.request(credential) as UpstreamRequest
  const page = (body: object): UpstreamResponse => ({
    status: 200,
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
  })

  it('is asked of the credential’s own place, page by page, with kinds from the endpoints', () => {
    expect(first).toMatchObject({ method: 'GET', url: 'https://proxy.example.com/v1/models?page_size=1000' })
    const models = [
      { name: 'command-a', endpoints: ['generate', 'chat'] },
      { name: 'embed-v4.0', endpoints: ['embed', 'classify'] },
      { name: 'rerank-v3.5', endpoints: ['rerank'] },
      { name: 'tuned', endpoints: [] },
      {},
    ]
    const read = provider.listModels?.read(page({ models, next_page_token: 'a b' }), first)
    expect(read?.models).toEqual([
      { id: 'command-a', kind: 'chat' },
      { id: 'embed-v4.0', kind: 'embedding' },
      { id: 'tuned', kind: 'unknown' },
    ])
    expect(read?.next?.url).toBe('https://proxy.example.com/v1/models?page_size=1000&page_token=a+b')
  })

  it('ends with the last page, and never asks for the same one twice', () => {
    expect(provider.listModels?.read(page({ models: [] }), first).next).toBeNull()
    const second = { ...first, url: `${first.url}&page_token=x` }
    const again = provider.listModels?.read(page({ models: [], next_page_token: 'x' }), second)
    expect(again?.next).toBeNull()
  })

  it('is a failure where it is something else', () => {
    expect(() => provider.listModels?.read(page({ message: 'no' }), first)).toThrow(
      expect.objectContaining({ code: 'upstream_error', reason: 'provider_down' }),
    )
  })
})

describe('the provider', () => {
  it('is one of those there are', () => {
    expect(createProviders().get('cohere')?.name).toBe('Cohere')
  })

  it('says what a form asks for, and how requests are signed', () => {
    expect(provider.fields.map(({ name, secret, required }) => [name, secret, required])).toEqual([
      ['api_key', true, true],
      ['base_url', false, false],
    ])
    expect(provider.signer(testConnection().credential)).toBe('bearer')
  })

  it('is probed with one token, or one embedding', () => {
    const connection = testConnection()
    expect(provider.probe(connection)).toMatchObject({ operation: 'chat', body: { max_tokens: 1 } })
    expect(provider.probe({ ...connection, kind: 'embedding' })).toMatchObject({
      operation: 'embeddings',
      body: { input: 'ping' },
    })
  })
})
