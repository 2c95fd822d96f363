import { describe, expect, it } from 'vitest'
import {
  assistant,
  type BuildOptions,
  build,
  called,
  clock,
  clockSent,
  hi,
  png,
  result,
  strictly,
  text,
  textFile,
  user,
  weather,
} from './fixtures/requests.ts'

interface RequestCase extends BuildOptions {
  readonly name: string
  /** All of Cohere's body but the model, and the messages where they are just `hi`. */
  readonly sent: Record<string, unknown>
  readonly dropped?: readonly string[]
}

const schema = { type: 'object', properties: { a: { type: 'integer' } } }
const asSchema = { type: 'json_schema' as const, json_schema: { name: 'x', schema, strict: true } }
const thinker = 'command-a-reasoning-08-2025'
const messagesOf = (...messages: object[]) => ({ messages })

const messageCases: RequestCase[] = [
  {
    name: 'system and developer messages are one, first',
    body: {
      messages: [
        { role: 'system', content: 'Be brief.' },
        ...hi,
        { role: 'developer', content: [text('Be kind.'), text(' ')] },
      ],
    },
    sent: messagesOf({ role: 'system', content: 'Be brief.\n\nBe kind.' }, hi[0] as object),
  },
  {
    name: 'a system message alone is the user’s',
    body: { messages: [{ role: 'system', content: 'Be brief.' }] },
    sent: messagesOf(user('Be brief.')),
  },
  {
    name: 'parts: text, images by data and by URL, without what Cohere does not know',
    model: 'command-a-vision-07-2025',
    body: {
      messages: [
        {
          ...user([
            { ...text('look'), cache_control: { type: 'ephemeral' } },
            text(''),
            { type: 'image_url', image_url: { url: png, detail: 'low' } },
            { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
          ]),
          name: 'ann',
        },
      ],
    },
    sent: messagesOf(
      user([
        text('look'),
        { type: 'image_url', image_url: { url: png, detail: 'low' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      ]),
    ),
  },
  {
    name: 'a text file is a document, beside the client’s own',
    body: { messages: [user([text('sum up'), textFile])], documents: [{ id: 'd', data: { text: 'x' } }] },
    sent: {
      ...messagesOf(user('sum up')),
      documents: [{ id: 'd', data: { text: 'x' } }, { data: { title: 'notes.txt', text: 'hello' } }],
    },
  },
  {
    name: 'text beside tool calls is the plan; no arguments are an empty object',
    body: {
      messages: [
        ...hi,
        assistant({
          content: 'I look.',
          reasoning_content: 'hm',
          tool_calls: [called('a', 'get_weather', '{"city": "Rome"}'), called('b', 'get_time', '')],
        }),
        result('a', [text('Sunny'), text('22')]),
        result('b', 'noon'),
      ],
    },
    sent: messagesOf(
      ...hi,
      assistant({
        tool_calls: [called('a', 'get_weather', '{"city":"Rome"}'), called('b', 'get_time', '{}')],
        tool_plan: 'I look.',
      }),
      result('a', 'Sunny\n22'),
      result('b', 'noon'),
    ),
  },
  {
    name: 'a plan comes back as it was answered',
    body: {
      messages: [
        ...hi,
        assistant({ content: null, tool_plan: 'I look.', tool_calls: [called('a', 'f', '{}')] }),
        result('a', ''),
      ],
    },
    sent: messagesOf(
      ...hi,
      assistant({ tool_calls: [called('a', 'f', '{}')], tool_plan: 'I look.' }),
      result('a', ''),
    ),
  },
  {
    name: 'an assistant’s text, refusal or nothing',
    body: {
      messages: [
        ...hi,
        assistant({ content: [text('a'), text('b')] }),
        assistant({ content: null, refusal: 'No.' }),
        assistant({ content: '' }),
        ...hi,
      ],
    },
    sent: messagesOf(...hi, assistant({ content: 'a\nb' }), assistant({ content: 'No.' }), ...hi),
  },
  {
    name: 'functions in OpenAI’s old form',
    body: {
      messages: [
        ...hi,
        assistant({ content: null, function_call: { name: 'get_time', arguments: '{}' } }),
        { role: 'function', name: 'get_time', content: 'noon' },
      ],
      functions: [clock.function],
      function_call: { name: 'get_time' },
    },
    sent: {
      ...messagesOf(
        ...hi,
        assistant({ tool_calls: [called('call_1', 'get_time', '{}')] }),
        result('call_1', 'noon'),
      ),
      tools: [clockSent],
      tool_choice: 'REQUIRED',
    },
  },
]

const toolCases: RequestCase[] = [
  { name: 'tools', body: { messages: hi, tools: [weather, clock] }, sent: { tools: [weather, clockSent] } },
  { name: 'no tools', body: { messages: hi, tools: [] }, sent: {} },
  {
    name: 'strict is for all',
    body: { messages: hi, tools: [strictly(weather)] },
    sent: { tools: [weather], strict_tools: true },
  },
  {
    name: 'strict beside a tool without required parameters',
    body: { messages: hi, tools: [strictly(weather), clock] },
    sent: { tools: [weather, clockSent] },
    dropped: ['tools.function.strict'],
  },
  {
    name: 'tool_choice required',
    body: { messages: hi, tools: [clock], tool_choice: 'required', parallel_tool_calls: false },
    sent: { tools: [clockSent], tool_choice: 'REQUIRED' },
    dropped: ['parallel_tool_calls'],
  },
  {
    name: 'tool_choice none',
    body: { messages: hi, tools: [clock], tool_choice: 'none' },
    sent: { tools: [clockSent], tool_choice: 'NONE' },
  },
  {
    name: 'tool_choice none of a model without it',
    model: 'command-r-08-2024',
    body: { messages: hi, tools: [clock], tool_choice: 'none' },
    sent: {},
  },
  {
    name: 'a named tool stays alone',
    body: {
      messages: hi,
      tools: [weather, clock],
      tool_choice: { type: 'function', function: { name: 'get_time' } },
    },
    sent: { tools: [clockSent], tool_choice: 'REQUIRED' },
  },
]

const parameterCases: RequestCase[] = [
  {
    name: 'names and ranges of their own',
    body: {
      messages: hi,
      stream: true,
      max_tokens: 5,
      max_completion_tokens: 7,
      temperature: 1.5,
      top_p: 1,
      top_k: 900,
      stop: 'END',
      seed: 5,
      frequency_penalty: 1.5,
      logprobs: true,
    },
    sent: {
      stream: true,
      max_tokens: 7,
      temperature: 1.5,
      p: 0.99,
      k: 500,
      stop_sequences: ['END'],
      seed: 5,
      frequency_penalty: 1,
      logprobs: true,
    },
  },
  {
    name: 'the least of p, a negative penalty and seed',
    body: { messages: hi, top_p: 0, presence_penalty: -0.5, frequency_penalty: 0, seed: -1 },
    sent: { p: 0.01 },
    dropped: ['presence_penalty', 'seed'],
  },
  {
    name: 'one penalty of two',
    body: { messages: hi, presence_penalty: 0.5, frequency_penalty: 0.25 },
    sent: { frequency_penalty: 0.25 },
    dropped: ['presence_penalty'],
  },
  {
    name: 'both penalties where the connection says so',
    capabilities: { both_penalties: true },
    body: { messages: hi, presence_penalty: 0.5, frequency_penalty: 0.25 },
    sent: { frequency_penalty: 0.25, presence_penalty: 0.5 },
  },
  {
    name: 'json_object',
    body: { messages: hi, response_format: { type: 'json_object' } },
    sent: { response_format: { type: 'json_object' } },
  },
  {
    name: 'json_schema, beside tools that may not be called',
    body: { messages: hi, response_format: asSchema, tools: [clock], tool_choice: 'none' },
    sent: { response_format: { type: 'json_object', json_schema: schema } },
  },
  {
    name: 'effort by a budget below the limit',
    model: thinker,
    body: { messages: hi, reasoning_effort: 'medium', max_tokens: 4000 },
    sent: { max_tokens: 4000, thinking: { type: 'enabled', token_budget: 3999 } },
  },
  {
    name: 'effort low, without a limit',
    model: thinker,
    body: { messages: hi, reasoning_effort: 'low' },
    sent: { thinking: { type: 'enabled', token_budget: 2048 } },
  },
  {
    name: 'effort high: as long as it will',
    model: thinker,
    body: { messages: hi, reasoning_effort: 'high' },
    sent: { thinking: { type: 'enabled' } },
  },
  {
    name: 'effort none',
    model: thinker,
    body: { messages: hi, reasoning_effort: 'none' },
    sent: { thinking: { type: 'disabled' } },
  },
  {
    name: 'Cohere’s own thinking over the effort',
    model: thinker,
    body: { messages: hi, reasoning_effort: 'low', thinking: { type: 'enabled', token_budget: 99, x: 1 } },
    sent: { thinking: { type: 'enabled', token_budget: 99 } },
    dropped: ['reasoning_effort'],
  },
  {
    name: 'a model that does not think',
    body: { messages: hi, reasoning_effort: 'low', thinking: { type: 'enabled' } },
    sent: {},
    dropped: ['thinking', 'reasoning_effort'],
  },
  {
    name: 'Cohere’s own parameters',
    body: { messages: hi, safety_mode: 'STRICT', citation_options: { mode: 'OFF' }, priority: 3 },
    sent: { safety_mode: 'STRICT', citation_options: { mode: 'OFF' }, priority: 3 },
  },
  { name: 'service_tier flex', body: { messages: hi, service_tier: 'flex' }, sent: { priority: 999 } },
  { name: 'service_tier default', body: { messages: hi, service_tier: 'default' }, sent: {} },
  {
    name: 'hints that Cohere has not, named, and nothing unknown sent',
    body: {
      messages: hi,
      user: 'u',
      logit_bias: { 5: 1 },
      store: true,
      metadata: { a: 'b' },
      verbosity: 'low',
      service_tier: 'priority',
      n: 1,
      logprobs: false,
      top_logprobs: 0,
      made_up: 1,
    },
    sent: {},
    dropped: ['service_tier', 'user', 'logit_bias', 'store', 'metadata', 'verbosity', 'made_up'],
  },
]

describe.each([
  ['messages', messageCases],
  ['tools', toolCases],
  ['parameters', parameterCases],
])('requests: %s', (_group, cases) => {
  it.each(cases)('$name', async (one) => {
    const { sent, dropped } = await build(one)
    expect(sent).toEqual({ model: one.model ?? 'command-a-03-2025', messages: hi, ...one.sent })
    expect(dropped).toEqual(one.dropped ?? [])
  })
})

describe('requests: where they go', () => {
  it.each([
    [{}, 'https://api.cohere.com/v2/chat'],
    [{ base_url: 'https://proxy.example.com/cohere/v2/' }, 'https://proxy.example.com/cohere/v2/chat'],
  ])('%o', async (settings, url) => {
    const { request } = await build({ body: { messages: hi }, settings })
    expect(request).toMatchObject({ method: 'POST', url, headers: { 'content-type': 'application/json' } })
  })
})
