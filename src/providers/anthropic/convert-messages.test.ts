import { describe, expect, it } from 'vitest'
import {
  assistant,
  build,
  called,
  clock,
  clockTool,
  ephemeral,
  hi,
  png,
  result,
  text,
  user,
  weather,
} from './fixtures/requests.ts'
import { type RequestCase, requestCases } from './request-cases.suite.ts'

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

requestCases('messages', messageCases)

describe('thinking in the midst of a turn', () => {
  const signed = { thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 'c2ln' }] }
  const turn = (members: object) => [
    ...hi,
    assistant({ ...members, content: null, tool_calls: [called('call_1', 'get_time', '')] }),
    result('call_1', 'noon'),
  ]
  it.each([
    ['calls whose thinking came back', turn(signed), true],
    ['calls without their thinking', turn({}), false],
    ['calls of a turn that is over', [...turn({}), assistant({ content: 'noon' }), ...hi], true],
  ])('%s', async (_name, messages, mayThink) => {
    const { sent, dropped } = await build({ body: { messages, tools: [clock], reasoning_effort: 'low' } })
    expect('thinking' in sent).toBe(mayThink)
    expect(dropped).toEqual(mayThink ? [] : ['reasoning_effort'])
  })
})
