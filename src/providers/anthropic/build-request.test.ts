import { describe, expect, it } from 'vitest'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import {
  assistant,
  type Body,
  build,
  called,
  clock,
  clockTool,
  ephemeral,
  hi,
  result,
  text,
  user,
} from './fixtures/requests.ts'
import { createAnthropic } from './provider.ts'
import { type RequestCase, requestCases } from './request-cases.suite.ts'

const parameterCases: RequestCase[] = [
  {
    name: 'max_completion_tokens over max_tokens',
    body: { messages: hi, max_tokens: 5, max_completion_tokens: 7 },
    sent: { max_tokens: 7 },
  },
  {
    name: 'a stream: as much as the model can',
    body: { messages: hi, stream: true },
    sent: { stream: true, max_tokens: 64_000 },
  },
  {
    name: 'sampling: temperature at most 1, top_p not beside it',
    body: { messages: hi, temperature: 1.7, top_p: 0.5, top_k: 40 },
    sent: { temperature: 1, top_k: 40 },
    absent: ['top_p'],
    dropped: ['top_p'],
  },
  { name: 'top_p alone', body: { messages: hi, top_p: 0.5 }, sent: { top_p: 0.5 }, absent: ['temperature'] },
  {
    name: 'sampling of a model that refuses it; OpenAI’s default is not worth a name',
    model: 'claude-opus-4-8',
    body: { messages: hi, temperature: 0, top_p: 1, top_k: 3 },
    sent: {},
    absent: ['temperature', 'top_p', 'top_k'],
    dropped: ['temperature', 'top_k'],
  },
  { name: 'stop', body: { messages: hi, stop: ['END', ''] }, sent: { stop_sequences: ['END'] } },
  {
    name: 'the user',
    body: { messages: hi, user: 'u-1', safety_identifier: 's-1' },
    sent: { metadata: { user_id: 's-1' } },
  },
  {
    name: 'a user whose name is too long',
    body: { messages: hi, user: 'u'.repeat(257) },
    sent: { metadata: { user_id: expect.stringMatching(/^[0-9a-f]{64}$/) } },
  },
  { name: 'service_tier auto', body: { messages: hi, service_tier: 'auto' }, sent: { service_tier: 'auto' } },
  {
    name: 'service_tier default',
    body: { messages: hi, service_tier: 'default' },
    sent: { service_tier: 'standard_only' },
  },
  {
    name: 'service_tier flex',
    body: { messages: hi, service_tier: 'flex' },
    sent: {},
    absent: ['service_tier'],
    dropped: ['service_tier'],
  },
  {
    name: 'hints that Claude has not, named',
    body: {
      messages: hi,
      seed: 5,
      frequency_penalty: 0.5,
      presence_penalty: 0,
      logit_bias: { 5: 1 },
      store: true,
      metadata: { a: 'b' },
      prediction: { type: 'content' },
      verbosity: 'low',
      n: 1,
      logprobs: false,
      made_up: 1,
    },
    sent: {},
    absent: ['seed', 'frequency_penalty', 'logit_bias', 'store', 'metadata', 'verbosity', 'made_up'],
    dropped: [
      'seed',
      'frequency_penalty',
      'logit_bias',
      'store',
      'metadata',
      'prediction',
      'verbosity',
      'made_up',
    ],
  },
]

const cacheCases: RequestCase[] = [
  {
    name: 'marks on a tool, a message and a result, in their places',
    body: {
      tools: [{ ...clock, cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        { ...user('hi'), cache_control: ephemeral },
        assistant({ content: null, tool_calls: [called('call_1', 'get_time', '')] }),
        result('call_1', [{ ...text('noon'), cache_control: ephemeral }]),
      ],
    },
    sent: {
      tools: [{ ...clockTool, cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        { role: 'user', content: [{ ...text('hi'), cache_control: ephemeral }] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'get_time', input: {} }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'call_1', content: [text('noon')], cache_control: ephemeral },
          ],
        },
      ],
    },
  },
  {
    name: 'more marks than four: the last ones, the one for all counted',
    body: {
      cache_control: ephemeral,
      tools: [{ ...clock, cache_control: ephemeral }],
      messages: [
        {
          role: 'system',
          content: [
            { ...text('one'), cache_control: ephemeral },
            { ...text('two'), cache_control: ephemeral },
          ],
        },
        user([
          { ...text('a'), cache_control: ephemeral },
          { ...text(' '), cache_control: ephemeral },
          { ...text('b'), cache_control: ephemeral },
        ]),
      ],
    },
    sent: {
      cache_control: ephemeral,
      tools: [clockTool],
      system: [text('one'), { ...text('two'), cache_control: ephemeral }],
      messages: [
        {
          role: 'user',
          content: [
            { ...text('a'), cache_control: ephemeral },
            { ...text('b'), cache_control: ephemeral },
          ],
        },
      ],
    },
  },
]

requestCases('parameters', parameterCases)
requestCases('cache marks', cacheCases)

describe('refusals', () => {
  it.each<[Body, code: string, param: string]>([
    [{ messages: hi, n: 2 }, 'unsupported_parameter', 'n'],
    [{ messages: hi, logprobs: true }, 'unsupported_parameter', 'logprobs'],
    [{ messages: hi, top_logprobs: 2 }, 'unsupported_parameter', 'top_logprobs'],
    [{ messages: hi, modalities: ['audio'] }, 'unsupported_parameter', 'modalities'],
    [{ messages: hi, web_search_options: {} }, 'unsupported_parameter', 'web_search_options'],
    [{ messages: hi, stop: ['\n'] }, 'unsupported_parameter', 'stop'],
    [
      { messages: hi, response_format: { type: 'grammar' } as never },
      'unsupported_parameter',
      'response_format',
    ],
    [
      {
        messages: hi,
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'array' } } },
      },
      'invalid_request',
      'response_format',
    ],
    [{ messages: hi, temperature: 'hot' as never }, 'invalid_request', 'temperature'],
    [{ messages: hi, reasoning_effort: 'huge' }, 'invalid_request', 'reasoning_effort'],
    [
      { messages: [user([text('x'), { type: 'input_audio', input_audio: { data: '', format: 'wav' } }])] },
      'unsupported_parameter',
      'messages[0].content[1]',
    ],
    [
      { messages: [user([{ type: 'image_url', image_url: { url: 'data:image/tiff;base64,aGk=' } }])] },
      'unsupported_parameter',
      'messages[0].content[0]',
    ],
    [
      { messages: [user([{ type: 'image_url', image_url: { url: 'http://example.com/a.png' } }])] },
      'invalid_request',
      'messages[0].content[0]',
    ],
    [
      { messages: [user([{ type: 'file', file: { file_data: 'data:application/zip;base64,aGk=' } }])] },
      'unsupported_parameter',
      'messages[0].content[0]',
    ],
    [
      { messages: [user([{ type: 'video_url' } as never])] },
      'unsupported_parameter',
      'messages[0].content[0]',
    ],
    [{ messages: [user(' ')] }, 'invalid_request', 'messages[0].content'],
    [
      { messages: [...hi, assistant({ content: 'a' }), user(''), user([])] },
      'invalid_request',
      'messages[2].content',
    ],
    [
      { messages: [...hi, assistant({ tool_calls: [called('call_1', '', '')] })] },
      'invalid_request',
      'messages[1].tool_calls[0]',
    ],
    [{ messages: [...hi, { role: 'tool', content: 'x' }] }, 'invalid_request', 'messages[1].tool_call_id'],
  ])('%j', async (body, code, param) => {
    await expect(build({ body })).rejects.toMatchObject({ code, param, status: 400, reason: null })
  })
})

describe('the request itself', () => {
  it('goes to the Messages API with its version, without authorisation', async () => {
    const { request } = await build({ body: { messages: hi } })
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://api.anthropic.com/v1/messages',
      headers: { 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
    })
  })

  it("goes to the credential's own place, with the client's betas and the connection's overrides", () => {
    const connection = testConnection({
      modelName: 'claude-sonnet-4-5',
      settings: { base_url: 'https://proxy.example.com/claude/' },
      overrides: { set: { top_k: 9 }, drop: ['metadata'], capabilities: { max_output_tokens: 1000 } },
    })
    const headers = { 'anthropic-beta': 'context-1m-2025-08-07', 'openai-beta': 'x', traceparent: '00-1' }
    const built = createAnthropic().operations.chat?.buildRequests(
      chatCall({ body: { messages: hi, user: 'u' }, connection, headers }),
    )
    expect(built).toMatchObject({
      requests: [
        {
          url: 'https://proxy.example.com/claude/v1/messages',
          headers: {
            'anthropic-beta': 'context-1m-2025-08-07',
            traceparent: '00-1',
            'anthropic-version': '2023-06-01',
            'content-type': 'application/json',
          },
          body: '{"model":"claude-sonnet-4-5","max_tokens":1000,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"top_k":9}',
        },
      ],
    })
  })
})
