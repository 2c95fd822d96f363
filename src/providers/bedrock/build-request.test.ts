import { describe, expect, it } from 'vitest'
import {
  build,
  type Body,
  type BuildOptions,
  catchError,
  newClaude,
  nova,
  llama,
  oss,
  user,
  tool,
  spec,
  called,
  png,
  jsonSchema,
  requestSuite,
} from './request-cases.suite.ts'

requestSuite('buildRequest', [
  {
    name: 'the least there is',
    given: {},
    wanted: {
      messages: [user([{ text: 'Hi' }])],
      system: undefined,
      inferenceConfig: undefined,
      toolConfig: undefined,
      additionalModelRequestFields: undefined,
    },
  },
  {
    name: 'limits and sampling, temperature clamped',
    model: nova,
    given: { max_completion_tokens: 9, temperature: 1.7, top_p: 0.5, stop: 'END' },
    wanted: { inferenceConfig: { maxTokens: 9, temperature: 1, topP: 0.5, stopSequences: ['END'] } },
  },
  {
    name: 'one of temperature and top_p for Claude',
    given: { temperature: 0.2, top_p: 0.5, max_tokens: 8 },
    wanted: { inferenceConfig: { maxTokens: 8, temperature: 0.2 } },
    dropped: ['top_p'],
  },
  {
    name: 'no sampling for models that refuse it',
    model: newClaude,
    given: { temperature: 0.2, top_k: 5 },
    wanted: { inferenceConfig: undefined, additionalModelRequestFields: undefined },
    dropped: ['temperature', 'top_k'],
  },
  {
    name: 'top_k in the native body',
    given: { top_k: 5 },
    wanted: { additionalModelRequestFields: { top_k: 5 } },
  },
  {
    name: "top_k in Nova's own configuration",
    model: nova,
    given: { top_k: 5 },
    wanted: { additionalModelRequestFields: { inferenceConfig: { topK: 5 } } },
  },
  {
    name: 'hints dropped and named',
    given: {
      seed: 1,
      frequency_penalty: 0.5,
      logit_bias: { 1: 2 },
      store: true,
      top_k: null,
      presence_penalty: 0,
    },
    wanted: { inferenceConfig: undefined },
    dropped: ['seed', 'frequency_penalty', 'logit_bias', 'store'],
  },
  {
    name: 'effort as a budget, within a raised limit and without sampling',
    given: { reasoning_effort: 'low', max_tokens: 100, temperature: 0.5 },
    wanted: {
      inferenceConfig: { maxTokens: 2148 },
      additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 2048 } },
    },
    dropped: ['temperature'],
  },
  {
    name: 'effort of an adaptive model; a forced choice is lowered beside thinking',
    model: newClaude,
    given: { reasoning_effort: 'medium', tools: [tool], tool_choice: 'required' },
    wanted: {
      inferenceConfig: undefined,
      toolConfig: { tools: [spec] },
      additionalModelRequestFields: {
        thinking: { type: 'adaptive', display: 'summarized' },
        output_config: { effort: 'medium' },
      },
    },
    dropped: ['tool_choice'],
  },
  {
    name: 'effort by a flat member, the nearest there is',
    model: oss,
    given: { reasoning_effort: 'xhigh' },
    wanted: { additionalModelRequestFields: { reasoning_effort: 'high' } },
  },
  {
    name: 'effort of GPT-5',
    model: 'openai.gpt-5.1',
    given: { reasoning_effort: 'minimal' },
    wanted: { additionalModelRequestFields: { reasoning: { effort: 'minimal' } } },
  },
  {
    name: "effort in Nova's way",
    model: 'us.amazon.nova-2-lite-v1:0',
    given: { reasoning_effort: 'minimal', temperature: 0.3 },
    wanted: {
      inferenceConfig: undefined,
      additionalModelRequestFields: { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } },
    },
    dropped: ['temperature'],
  },
  {
    name: 'effort of a family without any',
    model: llama,
    given: { reasoning_effort: 'high' },
    wanted: { additionalModelRequestFields: undefined },
    dropped: ['reasoning_effort'],
  },
  {
    name: 'labels and tier',
    given: { metadata: { feature: 'search' }, user: 'u-1', service_tier: 'flex' },
    wanted: { requestMetadata: { user: 'u-1', feature: 'search' }, serviceTier: { type: 'flex' } },
  },
  {
    name: 'labels that AWS does not take',
    given: { metadata: { feature: 'a "quoted" word' }, user: 'ü', service_tier: 'scale' },
    wanted: { requestMetadata: undefined, serviceTier: undefined },
    dropped: ['metadata', 'user', 'service_tier'],
  },
  {
    name: 'overrides last: a guardrail, latency, what is set and what is dropped',
    overrides: {
      set: {
        guardrailConfig: { guardrailIdentifier: 'g1', guardrailVersion: '1' },
        performanceConfig: { latency: 'optimized' },
      },
      drop: ['requestMetadata'],
    },
    given: { user: 'u-1' },
    wanted: {
      guardrailConfig: { guardrailIdentifier: 'g1', guardrailVersion: '1' },
      performanceConfig: { latency: 'optimized' },
      requestMetadata: undefined,
    },
  },
  {
    name: 'a model behind an ARN, told by a switch what it is',
    model: 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123',
    overrides: { capabilities: { like: 'anthropic.claude-opus-4-8', forced_tools: false } },
    given: { temperature: 0.4, tools: [tool], tool_choice: 'required' },
    wanted: { inferenceConfig: undefined, toolConfig: { tools: [spec] } },
    dropped: ['tool_choice', 'temperature'],
  },
  {
    name: 'a conversation as it begins, where the connection says that its model takes it',
    overrides: { capabilities: { user_first: false } },
    given: { messages: [{ role: 'assistant', content: 'Hello' }, user('Hi')] },
    wanted: {
      messages: [{ role: 'assistant', content: [{ text: 'Hello' }] }, user([{ text: 'Hi' }])],
    },
  },
  {
    name: 'betas that the client asks for by header',
    headers: { 'anthropic-beta': 'context-1m-2025-08-07, other' },
    given: {},
    wanted: { additionalModelRequestFields: { anthropic_beta: ['context-1m-2025-08-07', 'other'] } },
  },
])

describe('buildRequest', () => {
  it('asks for a stream by path and type', () => {
    const whole = build({}).request
    const streamed = build({ stream: true }).request
    expect(whole?.url).toMatch(/\/converse$/)
    expect(streamed?.url).toMatch(/\/converse-stream$/)
    expect(streamed?.headers).toEqual({
      'content-type': 'application/json',
      accept: 'application/vnd.amazon.eventstream',
    })
    expect(streamed?.body).not.toContain('"stream"')
  })

  it.each<[string, object, string, BuildOptions?]>([
    ['several answers', { n: 2 }, 'n'],
    ['probabilities', { logprobs: true }, 'logprobs'],
    ['sound', { modalities: ['text', 'audio'] }, 'modalities'],
    ['a web search', { web_search_options: { search_context_size: 'low' } }, 'web_search_options'],
    [
      'spoken input',
      { messages: [user([{ type: 'input_audio', input_audio: {} }])] },
      'messages[0].content[0]',
    ],
    [
      'a picture that is none',
      { messages: [user([{ type: 'image_url', image_url: { url: 'data:image/bmp;base64,eA==' } }])] },
      'messages[0].content[0]',
    ],
    [
      'a URL that was not fetched',
      { messages: [user([{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }])] },
      'messages[0].content[0]',
    ],
    ['tools of a model without any', { tools: [tool] }, 'tools', { model: 'amazon.titan-text-lite-v1' }],
    [
      'a schema of a model without tools',
      { response_format: jsonSchema },
      'response_format',
      { model: 'amazon.titan-text-lite-v1' },
    ],
    [
      'a picture from the assistant',
      {
        messages: [
          user('Hi'),
          { role: 'assistant', content: [{ type: 'image_url', image_url: { url: png } }] },
        ],
      },
      'messages[1].content[0]',
    ],
    ...['constructor', '__proto__'].map((type): [string, object, string] => [
      `an image of the type ${type}`,
      { messages: [user([{ type: 'image_url', image_url: { url: `data:${type};base64,AAAA` } }])] },
      'messages[0].content[0]',
    ]),
  ])('refuses %s, which would change the answer', (_name, given, param, options) => {
    const failure = catchError(() => build(given as Partial<Body>, options))
    expect(failure).toMatchObject({ code: 'unsupported_parameter', status: 400, param, reason: null })
  })

  it.each<[string, object, string]>([
    ['a temperature that is no number', { temperature: 'hot' }, 'temperature'],
    [
      'a last message that is blank',
      { messages: [user('Hi'), { role: 'assistant', content: 'So' }, user(' ')] },
      'messages[2].content',
    ],
    [
      'a turn on the way that is blank',
      { messages: [user(' '), { role: 'assistant', content: 'So' }, user('Hi')] },
      'messages[0].content',
    ],
    [
      'a result without its call',
      { messages: [user('Hi'), called, { role: 'tool', content: 'x' }] },
      'messages[2].tool_call_id',
    ],
    [
      'a call without a name',
      { messages: [user('Hi'), { role: 'assistant', tool_calls: [{ id: 'a' }] }] },
      'messages[1].tool_calls[0]',
    ],
  ])('refuses %s, which nobody could read', (_name, given, param) => {
    const failure = catchError(() => build(given as Partial<Body>))
    expect(failure).toMatchObject({ code: 'invalid_request', status: 400, param })
  })
})
