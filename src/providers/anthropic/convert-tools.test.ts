import { clock, clockTool, hi, weather, weatherTool } from './fixtures/requests.ts'
import { type RequestCase, requestCases } from './request-cases.suite.ts'

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
    name: 'a strict tool whose schema cannot be so',
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

requestCases('tools', toolCases)
