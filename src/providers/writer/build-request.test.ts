import { describe, expect, it } from 'vitest'
import type { Overrides } from '../../core/entities.ts'
import type { ChatRequest, CompletionsRequest, FunctionTool } from '../../core/openai.ts'
import type { Call } from '../../core/provider.ts'
import { completionsCall } from '../testing/calls.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { sentRequest } from '../testing/sent-request.ts'
import { createWriter } from './provider.ts'

const provider = createWriter()
const messages = [{ role: 'user' as const, content: 'hi' }]
const tools: FunctionTool[] = [{ type: 'function', function: { name: 'now', parameters: {} } }]
const image = { type: 'image_url' as const, image_url: { url: 'https://img.test/a.png' } }

interface Setting {
  readonly model?: string
  readonly overrides?: Overrides
}

const connectionOf = ({ model = 'palmyra-x4', overrides = {} }: Setting) =>
  testConnection({ provider: 'writer', modelName: model, overrides })
const chat = (body: Partial<ChatRequest>, setting: Setting = {}) =>
  chatCall({ body: { messages, ...body }, connection: connectionOf(setting) })
const complete = (body: Partial<CompletionsRequest>, setting: Setting = {}) =>
  completionsCall({ body: { prompt: 'on', ...body }, connection: connectionOf(setting) })

interface Case {
  readonly name: string
  readonly call: Call
  /** The whole body but for the model, and for messages and prompt where they are as sent. */
  readonly sent: Record<string, unknown>
  readonly dropped?: readonly string[]
}

const cases: readonly Case[] = [
  {
    name: 'what it knows, as sent',
    call: chat({ temperature: 0.1, top_p: 0.5, n: 2, stop: 'x', logprobs: true }),
    sent: { temperature: 0.1, top_p: 0.5, n: 2, stop: 'x', logprobs: true },
  },
  {
    name: 'the token limit under its older name',
    call: chat({ max_completion_tokens: 9, max_tokens: 7 }),
    sent: { max_tokens: 9 },
  },
  {
    name: 'no hints',
    call: chat({ seed: 1, user: 'u', frequency_penalty: 1, presence_penalty: 0, reasoning_effort: 'low' }),
    sent: {},
    dropped: ['seed', 'user', 'frequency_penalty', 'reasoning_effort'],
  },
  {
    name: 'nothing that it does not know',
    call: chat({ parallel_tool_calls: false, logit_bias: { 5: 1 }, top_k: 4, metadata: {} }),
    sent: {},
    dropped: ['parallel_tool_calls', 'logit_bias', 'top_k'],
  },
  {
    name: 'a member that the connection lets through',
    call: chat({ graph_ids: ['g'] }, { overrides: { capabilities: { graph_ids: true } } }),
    sent: { graph_ids: ['g'] },
  },
  {
    name: 'usage of streams',
    call: chat({ stream: true }),
    sent: { stream: true, stream_options: { include_usage: true } },
  },
  {
    name: 'tools, and one of them named',
    call: chat({ tools, tool_choice: { type: 'function', function: { name: 'now' } } }),
    sent: { tools, tool_choice: { type: 'function', function: { name: 'now' } } },
  },
  {
    name: 'a choice in a word',
    call: chat({ tools, tool_choice: 'required' }),
    sent: { tools, tool_choice: 'required' },
  },
  {
    name: 'a choice in an object, where the connection says so',
    call: chat(
      { tools, tool_choice: 'required' },
      { overrides: { capabilities: { tool_choice_form: 'value' } } },
    ),
    sent: { tools, tool_choice: { value: 'required' } },
  },
  {
    name: 'replayed arguments as parameters, where the connection says so',
    call: chat(
      {
        messages: [
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'c', type: 'function', function: { name: 'now', arguments: '{"a":1}' } }],
          },
        ],
      },
      { overrides: { capabilities: { call_arguments: 'parameters' } } },
    ),
    sent: {
      messages: [
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'now', parameters: '{"a":1}' } }],
        },
      ],
    },
  },
  {
    name: 'a JSON schema',
    call: chat({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } } }),
    sent: { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } } },
  },
  {
    name: 'content as one text',
    call: chat({
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'one' },
            { type: 'text', text: 'two' },
          ],
        },
      ],
    }),
    sent: {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'one\ntwo' },
      ],
    },
  },
  {
    name: 'parts, and images, to the model that sees',
    call: chat(
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'what?' }, image] }] },
      { model: 'palmyra-x5' },
    ),
    sent: { messages: [{ role: 'user', content: [{ type: 'text', text: 'what?' }, image] }] },
  },
  {
    name: 'no reasoning replayed',
    call: chat({ messages: [{ role: 'assistant', content: 'Yes.', reasoning_content: 'Hm.' }] }),
    sent: { messages: [{ role: 'assistant', content: 'Yes.' }] },
  },
  {
    name: 'completions, the seed under its own name',
    call: complete({ max_tokens: 3, seed: 7, best_of: 2, user: 'u', stream: false }),
    sent: { max_tokens: 3, random_seed: 7, best_of: 2 },
    dropped: ['user'],
  },
]

describe('a request', () => {
  it.each([...cases])('has $name', ({ call, sent, dropped = [] }) => {
    const request = sentRequest(provider, call)
    const { model, ...rest } = request.body
    const asSent = call.operation === 'chat' ? { messages } : { prompt: 'on' }
    expect(model).toBe(call.connection.modelName)
    expect(rest).toEqual({ ...asSent, ...sent })
    expect(request.dropped).toEqual(dropped)
  })

  it('goes to paths of Writer’s own', () => {
    expect(sentRequest(provider, chat({})).url).toBe('https://api.writer.com/v1/chat')
    expect(sentRequest(provider, complete({})).url).toBe('https://api.writer.com/v1/completions')
  })
})

describe('what changes the answer and cannot be honoured', () => {
  it.each<[Call, string]>([
    [chat({ response_format: { type: 'json_object' } }), 'response_format'],
    [chat({ logprobs: true, top_logprobs: 3 }), 'top_logprobs'],
    [chat({ functions: [{ name: 'now' }] }), 'functions'],
    [chat({ modalities: ['audio'] }), 'modalities'],
    [
      chat({ tools, tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools } } }),
      'tool_choice',
    ],
    [chat({ messages: [{ role: 'user', content: [image] }] }), 'messages[0].content[0]'],
    [complete({ n: 2 }), 'n'],
    [complete({ echo: true }), 'echo'],
    [complete({ stream: true }), 'stream'],
    [complete({ prompt: ['a', 'b'] }), 'prompt'],
    [complete({ prompt: [1, 2] }), 'prompt'],
  ])('is refused (case %#)', (call, param) => {
    expect(() => sentRequest(provider, call)).toThrow(
      expect.objectContaining({ status: 400, code: 'unsupported_parameter', param }),
    )
  })
})
