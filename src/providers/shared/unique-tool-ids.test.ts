import { describe, expect, it } from 'vitest'
import type { ChatMessage } from '../../core/openai.ts'
import { gemini } from '../google/fixtures/connections.ts'
import { createGoogle } from '../google/provider.ts'
import { createProviders } from '../index.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import { sentRequest } from '../testing/sent-request.ts'
import { withUniqueToolIds } from './unique-tool-ids.ts'

const user: ChatMessage = { role: 'user', content: 'hi' }
const calls = (...named: [id: string, name: string][]): ChatMessage => ({
  role: 'assistant',
  content: null,
  tool_calls: named.map(([id, name]) => ({ id, type: 'function', function: { name, arguments: '{}' } })),
})
const result = (id: string, content: string): ChatMessage => ({ role: 'tool', tool_call_id: id, content })
const unique = (...messages: ChatMessage[]) => withUniqueToolIds({ model: 'm', messages }).messages

describe('ids of tool calls', () => {
  it('stay where each is the only one', () => {
    const body = {
      model: 'm',
      messages: [user, calls(['a', 'f'], ['b', 'g']), result('b', '1'), result('a', '2')],
    }
    expect(withUniqueToolIds(body)).toBe(body)
  })

  it('that come again in another turn are others, and so are their results', () => {
    expect(
      unique(
        user,
        calls(['a', 'f']),
        result('a', '1'),
        calls(['a', 'g']),
        result('a', '2'),
        calls(['a', 'f']),
      ),
    ).toEqual([
      user,
      calls(['a', 'f']),
      result('a', '1'),
      calls(['a_2', 'g']),
      result('a_2', '2'),
      calls(['a_3', 'f']),
    ])
  })

  it('that come again in one turn have their results in order', () => {
    expect(
      unique(
        user,
        calls(['a', 'f'], ['a', 'g'], ['a_2', 'h']),
        result('a', '1'),
        result('a_2', '3'),
        result('a', '2'),
      ),
    ).toEqual([
      user,
      calls(['a', 'f'], ['a_2', 'g'], ['a_2_2', 'h']),
      result('a', '1'),
      result('a_2_2', '3'),
      result('a_2', '2'),
    ])
  })
})

it('keeps the result of the right call', () => {
  const messages = [user, calls(['a', 'f'], ['a', 'g']), result('a', 'one'), result('a', 'two')]
  const { body } = sentRequest(createGoogle(), chatCall({ body: { messages }, connection: gemini() }))
  expect(JSON.stringify(body)).toMatch(/"name":"f","response":\{"output":"one"\}/)
})

describe.each([
  ['anthropic', testConnection({ provider: 'anthropic', modelName: 'claude-sonnet-4-5' })],
  ['bedrock', testConnection({ provider: 'bedrock', modelName: 'anthropic.claude-sonnet-4-5-v1:0' })],
  ['google', gemini()],
  ['cohere', testConnection({ provider: 'cohere', modelName: 'command-a-03-2025' })],
])('%s', (id, connection) => {
  it('is sent no id twice', () => {
    const provider = createProviders().get(id)
    if (provider === undefined) throw new Error(`there is no ${id}`)
    const messages = [user, calls(['a', 'f'], ['a', 'g']), result('a', 'one'), result('a', 'two')]
    const { body } = sentRequest(provider, chatCall({ body: { messages }, connection }))
    const text = JSON.stringify(body)
    // Of the call, and of its result.
    expect(text.match(/"a"/g)).toHaveLength(2)
    expect(text.match(/"a_2"/g)).toHaveLength(2)
    expect(text.indexOf('"a_2"', text.indexOf('"one"'))).toBeGreaterThan(0)
  })
})
