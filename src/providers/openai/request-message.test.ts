import { describe, expect, it } from 'vitest'
import type { ChatMessage } from '../../core/openai.ts'
import { createProviders } from '../index.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { sentRequest } from '../testing/sent-request.ts'
import { asRequestMessage } from './request-message.ts'

const providers = createProviders()
const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } } as const

/** What OpenAI's SDK makes of an answer (`parse`, `stream`), as applications send it back. */
const parsed = {
  role: 'assistant',
  content: null,
  refusal: null,
  parsed: null,
  annotations: [],
  audio: null,
  function_call: null,
  tool_calls: [{ ...call, index: 0, function: { ...call.function, parsed_arguments: { a: 1 } } }],
} as unknown as ChatMessage

describe('asRequestMessage', () => {
  it('leaves what a request may hold', () => {
    const messages: ChatMessage[] = [
      { role: 'user', name: 'Ann', content: [{ type: 'text', text: 'hi' }] },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c', content: '' },
    ]
    for (const message of messages) expect(asRequestMessage(message)).toBe(message)
  })

  it.each<[string, object, object]>([
    ['what helpers add', parsed, { role: 'assistant', content: null, tool_calls: [call] }],
    [
      'a refusal in words, as content',
      { role: 'assistant', content: null, refusal: 'No.', tool_calls: [] },
      { role: 'assistant', content: 'No.' },
    ],
    [
      'a refusal beside content',
      { role: 'assistant', content: 'a', refusal: 'No.', tool_plan: 'p', thinking_blocks: [] },
      { role: 'assistant', content: 'a' },
    ],
    [
      'empty arguments',
      { role: 'assistant', tool_calls: [{ ...call, function: { name: 'f', arguments: '' } }] },
      { role: 'assistant', tool_calls: [{ ...call, function: { name: 'f', arguments: '{}' } }] },
    ],
    ['null names', { role: 'user', name: null, content: 'a' }, { role: 'user', content: 'a' }],
  ])('takes out %s', (_, message, plain) => {
    expect(asRequestMessage(message as ChatMessage)).toEqual(plain)
  })
})

const question: ChatMessage = { role: 'user', content: 'hi' }
const result: ChatMessage = { role: 'tool', tool_call_id: 'c', content: 'x' }

function messagesTo(id: string, capabilities: Record<string, boolean> = {}): unknown {
  const provider = providers.get(id)
  if (provider === undefined) throw new Error(`there is no ${id}`)
  const connection = testConnection({ provider: id, modelName: 'm', overrides: { capabilities } })
  const messages = [question, parsed, result]
  return sentRequest(provider, chatCall({ body: { messages }, connection })).body['messages']
}

it.each(['nvidia', 'writer', 'huggingface', 'groq', 'mistral', 'cerebras', 'deepseek'])(
  '%s, where unknown members are refused, gets none',
  (id) => {
    expect(messagesTo(id)).toEqual([
      question,
      { role: 'assistant', content: null, tool_calls: [call] },
      result,
    ])
    expect(messagesTo(id, { response_members: true })).toMatchObject([
      {},
      { parsed: null, annotations: [] },
      {},
    ])
  },
)

it.each(['openai', 'litellm', 'vllm'])('%s gets what was sent', (id) => {
  expect(messagesTo(id, { array_content: true })).toMatchObject([{}, { parsed: null, refusal: null }, {}])
})
