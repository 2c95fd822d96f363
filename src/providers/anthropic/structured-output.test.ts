import { expect } from 'vitest'
import { clock, clockTool, hi, text } from './fixtures/requests.ts'
import { type RequestCase, requestCases } from './request-cases.suite.ts'

const schema = { type: 'object', properties: { a: { type: 'string', maxLength: 5 } }, required: ['a'] }
const asSchema = (source: Record<string, unknown>) => ({
  type: 'json_schema' as const,
  json_schema: { name: 'answer', description: 'The answer.', schema: source },
})
const jsonTool = { name: 'json', description: 'The answer.', input_schema: schema }

const formatCases: RequestCase[] = [
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

requestCases('response_format', formatCases)
