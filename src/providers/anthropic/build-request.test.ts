import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../core/openai.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { createAnthropic } from './provider.ts'

type Body = Omit<ChatRequest, 'model'>
interface RequestCase {
  readonly name: string
  readonly body: Body
  readonly model?: string
  /** The members of the provider's body that the case is about. */
  readonly sent: Record<string, unknown>
  readonly absent?: readonly string[]
  readonly dropped?: readonly string[]
}

const user = (content: ChatRequest['messages'][number]['content']) => ({ role: 'user' as const, content })
const hi = [user('hi')]
const text = (value: string) => ({ type: 'text' as const, text: value })
const ephemeral = { type: 'ephemeral' as const }
const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'Now.',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
}
const clock = { type: 'function' as const, function: { name: 'get_time' } }
const weatherTool = { name: 'get_weather', description: 'Now.', input_schema: weather.function.parameters }
const clockTool = { name: 'get_time', input_schema: { type: 'object' } }
const called = (id: string, name: string, args: string) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: args },
})
const assistant = (members: object) => ({ role: 'assistant' as const, ...members })
const result = (id: string, content: ChatRequest['messages'][number]['content']) => ({
  role: 'tool' as const,
  tool_call_id: id,
  content,
})
const png = 'data:image/png;base64,iVBORw0KGgo='

const messageCases: RequestCase[] = [
  {
    name: 'the least there is',
    body: { messages: hi },
    sent: {
      model: 'claude-sonnet-4-5',
      max_tokens: 21_333,
      messages: [{ role: 'user', content: [text('hi')] }],
    },
    absent: [
      'system',
      'tools',
      'tool_choice',
      'stream',
      'temperature',
      'thinking',
      'metadata',
      'stop_sequences',
    ],
  },
  {
    name: 'system and developer messages, lifted in order',
    body: {
      messages: [
        { role: 'system', content: 'one' },
        ...hi,
        { role: 'developer', content: [{ ...text('two'), cache_control: ephemeral }, text('  ')] },
      ],
    },
    sent: {
      system: [text('one'), { ...text('two'), cache_control: ephemeral }],
      messages: [{ role: 'user', content: [text('hi')] }],
    },
  },
  {
    name: 'a conversation of system messages alone',
    body: { messages: [{ role: 'system', content: 'say hi' }] },
    sent: { messages: [{ role: 'user', content: [text('say hi')] }] },
    absent: ['system'],
  },
  {
    name: 'neighbours of one role in one turn, blank text left out',
    body: {
      messages: [
        user('a'),
        user([text(' '), text('b')]),
        assistant({ content: '' }),
        user('c'),
        assistant({ content: 'd ' }),
        user('e'),
      ],
    },
    sent: {
      messages: [
        { role: 'user', content: [text('a'), text('b'), text('c')] },
        { role: 'assistant', content: [text('d ')] },
        { role: 'user', content: [text('e')] },
      ],
    },
  },
  {
    name: 'the beginning of an answer, without white space at its end',
    body: { messages: [...hi, assistant({ content: 'Once upon \n' })] },
    sent: {
      messages: [
        { role: 'user', content: [text('hi')] },
        { role: 'assistant', content: [text('Once upon')] },
      ],
    },
  },
  {
    name: 'an image as a data URL and one by URL',
    body: {
      messages: [
        user([
          text('what?'),
          { type: 'image_url', image_url: { url: png, detail: 'high' } },
          { type: 'image_url', image_url: { url: 'https://example.com/a.jpg' } },
        ]),
      ],
    },
    sent: {
      messages: [
        {
          role: 'user',
          content: [
            text('what?'),
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
            { type: 'image', source: { type: 'url', url: 'https://example.com/a.jpg' } },
          ],
        },
      ],
    },
  },
  {
    name: 'files: PDF, text, by URL, and a picture',
    body: {
      messages: [
        user([
          { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
          { type: 'file', file: { file_data: 'data:text/csv;base64,YSxi', filename: 'b.csv' } },
          { type: 'file', file: { file_data: 'https://example.com/c.pdf' } },
          { type: 'file', file: { file_data: png } },
        ]),
      ],
    },
    sent: {
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'document',
              source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
              title: 'a.pdf',
            },
            {
              type: 'document',
              source: { type: 'text', media_type: 'text/plain', data: 'a,b' },
              title: 'b.csv',
            },
            { type: 'document', source: { type: 'url', url: 'https://example.com/c.pdf' } },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
          ],
        },
      ],
    },
  },
  {
    name: 'tool calls and their results: one user turn, results before text',
    body: {
      tools: [weather],
      messages: [
        ...hi,
        assistant({
          content: 'let me see',
          tool_calls: [
            called('call_1', 'get_weather', '{"city":"Paris"}'),
            called('functions.x:1', 'get_weather', ''),
          ],
        }),
        user('quick!'),
        result('call_1', 'sunny'),
        result('functions.x:1', [text('rain'), { type: 'image_url', image_url: { url: png } }]),
      ],
    },
    sent: {
      messages: [
        { role: 'user', content: [text('hi')] },
        {
          role: 'assistant',
          content: [
            text('let me see'),
            { type: 'tool_use', id: 'call_1', name: 'get_weather', input: { city: 'Paris' } },
            {
              type: 'tool_use',
              id: expect.stringMatching(/^call_[0-9a-f]{32}$/),
              name: 'get_weather',
              input: {},
            },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'call_1', content: 'sunny' },
            {
              type: 'tool_result',
              tool_use_id: expect.stringMatching(/^call_[0-9a-f]{32}$/),
              content: [
                text('rain'),
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
              ],
            },
            text('quick!'),
          ],
        },
      ],
    },
  },
  {
    name: 'a result without content, and a history whose tools are no longer offered',
    body: {
      messages: [
        ...hi,
        assistant({ content: null, tool_calls: [called('call_1', 'get_time', '')] }),
        result('call_1', ''),
      ],
    },
    sent: {
      tools: [clockTool],
      tool_choice: { type: 'none' },
      messages: [
        { role: 'user', content: [text('hi')] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'get_time', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1' }] },
      ],
    },
  },
  {
    name: 'replayed thinking first, unsigned thinking left out',
    body: {
      tools: [clock],
      messages: [
        ...hi,
        assistant({
          content: 'so',
          reasoning_content: 'hm',
          thinking_blocks: [
            { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
            { type: 'thinking', thinking: 'unsigned' },
            { type: 'redacted_thinking', data: 'eHl6' },
          ],
          tool_calls: [called('call_1', 'get_time', '{}')],
        }),
        result('call_1', 'noon'),
      ],
    },
    sent: {
      messages: [
        { role: 'user', content: [text('hi')] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
            { type: 'redacted_thinking', data: 'eHl6' },
            text('so'),
            { type: 'tool_use', id: 'call_1', name: 'get_time', input: {} },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'noon' }] },
      ],
    },
  },
  {
    name: 'thinking that an old model would not know',
    model: 'claude-3-5-haiku-20241022',
    body: {
      messages: [
        ...hi,
        assistant({
          content: 'so',
          thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 'c2ln' }],
        }),
        ...hi,
      ],
    },
    sent: {
      max_tokens: 8192,
      messages: [
        { role: 'user', content: [text('hi')] },
        { role: 'assistant', content: [text('so')] },
        { role: 'user', content: [text('hi')] },
      ],
    },
  },
  {
    name: "OpenAI's old functions",
    body: {
      functions: [{ name: 'get_time' }],
      function_call: { name: 'get_time' },
      messages: [
        ...hi,
        assistant({ content: null, function_call: { name: 'get_time', arguments: '{}' } }),
        { role: 'function', name: 'get_time', content: 'noon' },
      ],
    },
    sent: {
      tools: [clockTool],
      tool_choice: { type: 'tool', name: 'get_time', disable_parallel_tool_use: true },
      messages: [
        { role: 'user', content: [text('hi')] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'get_time', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'noon' }] },
      ],
    },
  },
]

const toolCases: RequestCase[] = [
  {
    name: 'tools, and nothing said of their choice',
    body: { messages: hi, tools: [weather, clock] },
    sent: { tools: [weatherTool, clockTool] },
    absent: ['tool_choice'],
  },
  {
    name: 'tool_choice auto',
    body: { messages: hi, tools: [clock], tool_choice: 'auto' },
    sent: {},
    absent: ['tool_choice'],
  },
  {
    name: 'tool_choice none',
    body: { messages: hi, tools: [clock], tool_choice: 'none' },
    sent: { tools: [clockTool], tool_choice: { type: 'none' } },
  },
  {
    name: 'tool_choice required',
    body: { messages: hi, tools: [clock], tool_choice: 'required' },
    sent: { tool_choice: { type: 'any' } },
  },
  {
    name: 'tool_choice of one tool',
    body: {
      messages: hi,
      tools: [clock, weather],
      tool_choice: { type: 'function', function: { name: 'get_time' } },
    },
    sent: { tool_choice: { type: 'tool', name: 'get_time' }, tools: [clockTool, weatherTool] },
  },
  {
    name: 'tool_choice of allowed tools',
    body: {
      messages: hi,
      tools: [clock, weather],
      tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [weather] } },
    },
    sent: { tool_choice: { type: 'any' }, tools: [weatherTool] },
  },
  {
    name: 'one call at a time',
    body: { messages: hi, tools: [clock], parallel_tool_calls: false },
    sent: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
  },
  {
    name: 'one call at a time, required',
    body: { messages: hi, tools: [clock], parallel_tool_calls: false, tool_choice: 'required' },
    sent: { tool_choice: { type: 'any', disable_parallel_tool_use: true } },
  },
  {
    name: 'a forced tool beside thinking: lowered, and only that tool offered',
    body: {
      messages: hi,
      tools: [clock, weather],
      tool_choice: { type: 'function', function: { name: 'get_time' } },
      reasoning_effort: 'low',
    },
    sent: { tools: [clockTool], thinking: { type: 'enabled', budget_tokens: 2048 } },
    absent: ['tool_choice'],
    dropped: ['tool_choice'],
  },
  {
    name: 'a forced tool of a model that refuses it',
    model: 'claude-opus-5-5',
    body: { messages: hi, tools: [clock, weather], tool_choice: 'required' },
    sent: { tools: [clockTool, weatherTool] },
    absent: ['tool_choice'],
    dropped: ['tool_choice'],
  },
  {
    name: 'a strict tool',
    body: {
      messages: hi,
      tools: [
        {
          type: 'function',
          function: {
            name: 'f',
            strict: true,
            parameters: {
              type: 'object',
              properties: { n: { type: 'integer', minimum: 1 } },
              required: ['n'],
              additionalProperties: false,
            },
          },
        },
      ],
    },
    sent: {
      tools: [
        {
          name: 'f',
          strict: true,
          input_schema: {
            type: 'object',
            properties: { n: { type: 'integer', description: '(minimum: 1)' } },
            required: ['n'],
            additionalProperties: false,
          },
        },
      ],
    },
  },
  {
    name: 'a strict tool whose schema cannot be so, and one of a model without',
    body: {
      messages: hi,
      tools: [
        {
          type: 'function',
          function: {
            name: 'f',
            strict: true,
            parameters: {
              type: 'object',
              properties: { map: { type: 'object', additionalProperties: { type: 'string' } } },
            },
          },
        },
      ],
    },
    sent: {
      tools: [
        {
          name: 'f',
          input_schema: {
            type: 'object',
            properties: { map: { type: 'object', additionalProperties: { type: 'string' } } },
          },
        },
      ],
    },
  },
]

const schema = { type: 'object', properties: { a: { type: 'string', maxLength: 5 } }, required: ['a'] }
const asSchema = (source: Record<string, unknown>) => ({
  type: 'json_schema' as const,
  json_schema: { name: 'answer', description: 'The answer.', schema: source },
})
const jsonTool = { name: 'json', description: 'The answer.', input_schema: schema }

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
  {
    name: 'json_schema, natively',
    body: { messages: hi, response_format: asSchema(schema) },
    sent: {
      output_config: {
        format: {
          type: 'json_schema',
          schema: {
            type: 'object',
            properties: { a: { type: 'string', description: '(maxLength: 5)' } },
            required: ['a'],
            additionalProperties: false,
          },
        },
      },
    },
    absent: ['tools', 'system'],
  },
  {
    name: 'json_schema of an older model: a forced tool',
    model: 'claude-sonnet-4-20250514',
    body: { messages: hi, response_format: asSchema(schema) },
    sent: {
      tools: [jsonTool],
      tool_choice: { type: 'tool', name: 'json', disable_parallel_tool_use: true },
      system: [text('Give your answer by calling the tool `json`.')],
    },
    absent: ['output_config'],
  },
  {
    name: 'json_schema of an older model beside tools',
    model: 'claude-sonnet-4-20250514',
    body: {
      messages: hi,
      tools: [clock, { type: 'function', function: { name: 'json' } }],
      response_format: asSchema(schema),
    },
    sent: {
      tools: [clockTool, { name: 'json', input_schema: { type: 'object' } }, { ...jsonTool, name: 'json_' }],
      tool_choice: { type: 'any' },
    },
  },
  {
    name: 'json_schema of an older model, where a tool is a must',
    model: 'claude-sonnet-4-20250514',
    body: { messages: hi, tools: [clock], tool_choice: 'required', response_format: asSchema(schema) },
    sent: { tools: [clockTool], tool_choice: { type: 'any' } },
    absent: ['system'],
  },
  {
    name: 'json_schema that the grammar cannot say',
    body: {
      messages: hi,
      response_format: asSchema({ type: 'object', properties: { next: { $ref: '#' } } }),
    },
    sent: {
      tools: [
        {
          name: 'json',
          description: 'The answer.',
          input_schema: { type: 'object', properties: { next: { $ref: '#' } } },
        },
      ],
      tool_choice: { type: 'tool', name: 'json', disable_parallel_tool_use: true },
    },
    absent: ['output_config'],
  },
  {
    name: 'json_schema of an older model beside thinking: the tool is offered, not forced',
    model: 'claude-sonnet-4-20250514',
    body: { messages: hi, response_format: asSchema(schema), reasoning_effort: 'low' },
    sent: {
      tools: [jsonTool],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      thinking: { type: 'enabled', budget_tokens: 2048 },
    },
    dropped: [],
  },
  {
    name: 'json_object: words',
    body: {
      messages: [{ role: 'system', content: 'JSON please' }, ...hi],
      response_format: { type: 'json_object' },
    },
    sent: { system: [text('JSON please'), text(expect.stringContaining('one valid JSON object'))] },
    absent: ['tools', 'output_config'],
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

async function build({ body, model = 'claude-sonnet-4-5' }: Pick<RequestCase, 'body' | 'model'>) {
  const call = chatCall({ body, connection: testConnection({ provider: 'anthropic', modelName: model }) })
  const built = await createAnthropic().operations.chat?.buildRequests(call)
  const request = built?.requests[0]
  return {
    request,
    dropped: built?.dropped,
    sent: JSON.parse(String(request?.body)) as Record<string, unknown>,
  }
}

describe.each([
  ['messages', messageCases],
  ['tools', toolCases],
  ['parameters', parameterCases],
  ['cache marks', cacheCases],
])('%s', (_group, cases) => {
  it.each(cases)('$name', async (one) => {
    const { sent, dropped } = await build(one)
    const told = Object.fromEntries(Object.keys(one.sent).map((name) => [name, sent[name]]))
    expect(told).toEqual(one.sent)
    expect(Object.keys(sent).filter((name) => one.absent?.includes(name))).toEqual([])
    expect(dropped).toEqual(one.dropped ?? [])
  })
})

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
    [{ messages: hi, response_format: asSchema({ type: 'array' }) }, 'invalid_request', 'response_format'],
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
