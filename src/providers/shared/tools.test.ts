import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../core/openai.ts'
import { parseToolArguments } from './tool-arguments.ts'
import { safeToolId, toolCallId } from './tool-ids.ts'
import { readTools } from './tools.ts'

const tool = (name: string) => ({ type: 'function' as const, function: { name } })
const body = (members: Record<string, unknown>) => ({ model: 'm', messages: [], ...members }) as ChatRequest

describe('readTools', () => {
  it.each([
    [undefined, { kind: 'auto' }],
    ['auto', { kind: 'auto' }],
    ['none', { kind: 'none' }],
    ['required', { kind: 'required' }],
    [
      { type: 'function', function: { name: 'b' } },
      { kind: 'named', name: 'b' },
    ],
  ])('tool_choice %o', (choice, mode) => {
    const settings = readTools(body({ tools: [tool('a'), tool('b')], tool_choice: choice }))
    expect(settings).toEqual({ tools: [tool('a'), tool('b')], mode, parallel: true })
  })

  it('keeps only allowed tools', () => {
    const choice = (mode: string, entries: unknown[]) => ({
      type: 'allowed_tools',
      allowed_tools: { mode, tools: entries },
    })
    const tools = [tool('a'), tool('b'), tool('c')]
    const nested = readTools(body({ tools, tool_choice: choice('required', [tool('c'), tool('a')]) }))
    expect(nested).toEqual({ tools: [tool('a'), tool('c')], mode: { kind: 'required' }, parallel: true })
    const flat = readTools(body({ tools, tool_choice: choice('auto', [{ type: 'function', name: 'b' }]) }))
    expect(flat).toEqual({ tools: [tool('b')], mode: { kind: 'auto' }, parallel: true })
  })

  it('reads parallel_tool_calls, and no tools at all', () => {
    expect(readTools(body({ parallel_tool_calls: false })).parallel).toBe(false)
    expect(readTools(body({ parallel_tool_calls: null }))).toEqual({
      tools: [],
      mode: { kind: 'auto' },
      parallel: true,
    })
  })

  it.each([
    [{ tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'unsupported_parameter', 'tools[0].type'],
    [{ tools: [{ type: 'function', function: {} }] }, 'invalid_request', 'tools[0].function.name'],
    [{ tools: [tool('a')], tool_choice: tool('b') }, 'invalid_request', 'tool_choice'],
    [{ tool_choice: 'required' }, 'invalid_request', 'tool_choice'],
    [{ tools: [tool('a')], tool_choice: 'always' }, 'invalid_request', 'tool_choice'],
    [{ tools: [tool('a')], tool_choice: { type: 'function' } }, 'invalid_request', 'tool_choice'],
    [
      { tools: [tool('a')], tool_choice: { type: 'custom', custom: { name: 'a' } } },
      'unsupported_parameter',
      'tool_choice',
    ],
  ])('refuses %o', (members, code, param) => {
    expect(() => readTools(body(members))).toThrow(expect.objectContaining({ code, param }))
  })
})

describe('parseToolArguments', () => {
  it.each([
    ['', {}],
    [' ', {}],
    ['null', {}],
    ['{"a":1}', { a: 1 }],
    ['[1]', { value: [1] }],
    ['"text"', { value: 'text' }],
    ['{"cut', { value: '{"cut' }],
    [undefined, {}],
    [{ a: 1 }, { a: 1 }],
  ])('%o', (text, parsed) => {
    expect(parseToolArguments(text)).toEqual(parsed)
  })
})

describe('tool ids', () => {
  it('makes the same id for the same call, in letters that every provider takes', () => {
    const id = toolCallId('chatcmpl-0123456789abcdef0123456789abcdef', 1)
    expect(id).toBe('call_0123456789abcdef0123456789abcdef_1')
    expect(safeToolId(id)).toBe(id)
  })

  it('keeps ids that fit and replaces others, each by its own', () => {
    expect(safeToolId('toolu_01A-b')).toBe('toolu_01A-b')
    const strange = ['functions.get:0', 'functions.get:1', 'x'.repeat(65), '']
    const safe = strange.map(safeToolId)
    for (const id of safe) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(new Set(safe).size).toBe(strange.length)
    expect(strange.map(safeToolId)).toEqual(safe)
  })
})
