import { describe, expect, it } from 'vitest'
import { isReal } from '../../core/chat-chunks.ts'
import { chatCall } from '../testing/chat-call.ts'
import { createChunks } from './chunks.ts'
import { withoutLegacyFunctions } from './legacy-functions.ts'
import { completion } from './response.ts'

const call = chatCall({ body: { messages: [{ role: 'user', content: 'hi' }] } })
const legacyCall = chatCall({
  body: {
    messages: [{ role: 'user', content: 'hi' }],
    functions: [{ name: 'f' }],
    function_call: { name: 'f' },
  },
})
const usage = { input: 10, output: 5, cachedInput: 4, cacheWrite: 3, reasoning: 2 }

describe('completion', () => {
  it('has every member that OpenAI promises', () => {
    expect(completion({ call, model: 'm-1', content: 'hello', finishReason: 'stop', usage })).toEqual({
      id: call.id,
      object: 'chat.completion',
      created: call.created,
      model: 'm-1',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'hello', refusal: null },
          finish_reason: 'stop',
          logprobs: null,
        },
      ],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    })
  })

  it('has null content beside tool calls, and an empty string without', () => {
    const toolCalls = [{ id: 'call_1', name: 'f', arguments: '{}' }]
    const withTool = completion({
      call,
      model: 'm',
      content: '',
      toolCalls,
      finishReason: 'tool_calls',
      usage: null,
    })
    expect(withTool.choices[0]?.message).toEqual({
      role: 'assistant',
      content: null,
      refusal: null,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    })
    expect('usage' in withTool).toBe(false)
    const empty = completion({ call, model: 'm', content: '', finishReason: 'stop', usage: null })
    expect(empty.choices[0]?.message.content).toBe('')
  })

  it('answers in the old form who asked in it', () => {
    const toolCalls = [{ id: 'call_1', name: 'f', arguments: '{"a":1}' }]
    const answer = completion({
      call: legacyCall,
      model: 'm',
      content: '',
      toolCalls,
      finishReason: 'tool_calls',
      usage: null,
    })
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'function_call',
      message: { content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
    })
    expect(answer.choices[0]?.message.tool_calls).toBeUndefined()
  })
})

describe('createChunks', () => {
  const deltas = (chunks: ReturnType<ReturnType<typeof createChunks>['take']>) =>
    chunks.map(({ choices }) => ({ ...choices[0]?.delta, finish: choices[0]?.finish_reason }))

  it('puts the role first and gives each tool call its own index', () => {
    const chunks = createChunks(call)
    chunks.setModel('m-1')
    chunks.reasoning('hm')
    chunks.content('')
    chunks.content('a')
    const first = chunks.startTool({ id: 'call_a', name: 'f' })
    chunks.toolArguments(first, '{"x"')
    const second = chunks.startTool({ id: 'call_b', name: 'g' })
    chunks.toolArguments(first, ':1}')
    chunks.endTool(first)
    chunks.finish('tool_calls')
    const taken = chunks.take()
    expect(taken.map(({ id, model, created }) => [id, model, created])).toEqual(
      taken.map(() => [call.id, 'm-1', call.created]),
    )
    expect(deltas(taken)).toEqual([
      { role: 'assistant', content: null, finish: null },
      { reasoning_content: 'hm', finish: null },
      { content: 'a', finish: null },
      {
        tool_calls: [{ index: 0, id: 'call_a', type: 'function', function: { name: 'f', arguments: '' } }],
        finish: null,
      },
      { tool_calls: [{ index: 0, function: { arguments: '{"x"' } }], finish: null },
      {
        tool_calls: [{ index: 1, id: 'call_b', type: 'function', function: { name: 'g', arguments: '' } }],
        finish: null,
      },
      { tool_calls: [{ index: 0, function: { arguments: ':1}' } }], finish: null },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }], finish: null },
      { finish: 'tool_calls' },
    ])
    expect([first, second, chunks.toolCount]).toEqual([0, 1, 2])
    expect(chunks.take()).toEqual([])
  })

  it('gives a tool call without arguments one {}', () => {
    const chunks = createChunks(call)
    const index = chunks.startTool({ id: 'call_a', name: 'f' })
    chunks.toolArguments(index, '')
    chunks.endTool(index)
    chunks.endTool(index)
    chunks.finish('tool_calls')
    expect(deltas(chunks.take()).filter((delta) => JSON.stringify(delta).includes('{}'))).toHaveLength(1)
  })

  it.each<[string, (chunks: ReturnType<typeof createChunks>) => unknown, object[]]>([
    ['text', (chunks) => chunks.content('a'), [{ role: 'assistant', content: '' }, { content: 'a' }]],
    [
      'a tool call',
      (chunks) => chunks.startTool({ id: 'a', name: 'f' }),
      [
        { role: 'assistant', content: null },
        { tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] },
        { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
      ],
    ],
    [
      'reasoning alone',
      (chunks) => chunks.reasoning('hm'),
      [{ role: 'assistant', content: null }, { reasoning_content: 'hm' }, { content: '' }],
    ],
    ['nothing', () => undefined, [{ role: 'assistant', content: '' }]],
  ])('has the role with the content that goes with %s, and waits for it', (_, say, told) => {
    const chunks = createChunks(call)
    chunks.setModel('m-1')
    expect(chunks.take()).toEqual([])
    say(chunks)
    chunks.finish('stop')
    expect(chunks.take().map(({ choices }) => choices[0]?.delta)).toEqual([...told, {}])
  })

  it('begins even an answer that is empty', () => {
    const chunks = createChunks(call)
    chunks.finish('stop')
    expect(deltas(chunks.take())).toEqual([
      { role: 'assistant', content: '', finish: null },
      { finish: 'stop' },
    ])
  })

  it('streams the first call in the old form to who asked in it', () => {
    const chunks = createChunks(legacyCall)
    const first = chunks.startTool({ id: 'call_a', name: 'f' })
    chunks.toolArguments(first, '{"x":1}')
    chunks.toolArguments(chunks.startTool({ id: 'call_b', name: 'g' }), '{}')
    chunks.finish('tool_calls')
    const taken = chunks.take()
    expect(taken.map(isReal)).toEqual([false, true, true, true])
    expect(deltas(taken)).toEqual([
      { role: 'assistant', content: null, finish: null },
      { function_call: { name: 'f', arguments: '' }, finish: null },
      { function_call: { arguments: '{"x":1}' }, finish: null },
      { finish: 'function_call' },
    ])
  })
})

describe('withoutLegacyFunctions', () => {
  it('knows the old form beside members of the new one that are null', () => {
    const old = { role: 'assistant', content: null, tool_calls: null, function_call: { name: 'f' } } as never
    const { tools, messages } = withoutLegacyFunctions({
      model: 'm',
      functions: [{ name: 'f' }],
      tools: null as never,
      messages: [old],
    })
    expect(tools).toEqual([{ type: 'function', function: { name: 'f' } }])
    expect(messages[0]?.tool_calls).toMatchObject([{ function: { name: 'f' } }])
  })

  it('leaves a body of today alone', () => {
    expect(withoutLegacyFunctions(call.body)).toBe(call.body)
  })

  it('turns functions, the choice and old messages into tools', () => {
    const body = withoutLegacyFunctions({
      model: 'm',
      functions: [{ name: 'f', parameters: { type: 'object' } }],
      function_call: { name: 'f' },
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: 'result' },
      ],
    })
    expect(body).toEqual({
      model: 'm',
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
      messages: [
        { role: 'user', content: 'hi' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'result' },
      ],
    })
  })

  it('keeps the words of the choice', () => {
    const body = withoutLegacyFunctions({
      model: 'm',
      functions: [{ name: 'f' }],
      function_call: 'none',
      messages: [],
    })
    expect(body.tool_choice).toBe('none')
  })
})
