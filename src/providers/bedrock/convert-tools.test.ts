import { expect } from 'vitest'
import {
  newClaude,
  nova,
  llama,
  user,
  tool,
  spec,
  called,
  result,
  schema,
  closed,
  jsonSchema,
  requestSuite,
} from './request-cases.suite.ts'

requestSuite('convertTools and structured output', [
  {
    name: 'tools, and all results of a turn in one message before other content',
    given: {
      tools: [tool],
      messages: [
        user('Weather?'),
        {
          ...called,
          tool_calls: [
            ...called.tool_calls,
            { ...called.tool_calls[0], id: 'two', function: { name: 'weather', arguments: '' } },
          ],
        },
        result,
        { role: 'tool', tool_call_id: 'two', content: '' },
        user('Well?'),
      ],
    },
    wanted: {
      messages: [
        user([{ text: 'Weather?' }]),
        {
          role: 'assistant',
          content: [
            {
              toolUse: {
                toolUseId: expect.stringMatching(/^call_[0-9a-f]{32}$/),
                name: 'weather',
                input: { city: 'Rome' },
              },
            },
            { toolUse: { toolUseId: 'two', name: 'weather', input: {} } },
          ],
        },
        user([
          {
            toolResult: {
              toolUseId: expect.stringMatching(/^call_[0-9a-f]{32}$/),
              content: [{ text: 'sunny' }],
            },
          },
          { toolResult: { toolUseId: 'two', content: [{ text: '(no output)' }] } },
          { text: 'Well?' },
        ]),
      ],
      toolConfig: { tools: [spec] },
    },
  },
  {
    name: 'tools made from the history where the request has none',
    given: { messages: [user('Weather?'), called, result] },
    wanted: {
      toolConfig: { tools: [{ toolSpec: { name: 'weather', inputSchema: { json: { type: 'object' } } } }] },
    },
  },
  {
    name: 'no tools where they are null, with a family that has no prompt cache',
    model: llama,
    given: { tools: null as never },
    wanted: { toolConfig: undefined },
  },
  {
    name: 'no tools for `none` without a history',
    given: { tools: [tool], tool_choice: 'none' },
    wanted: { toolConfig: undefined },
  },
  {
    name: 'tools kept for `none` with a history',
    given: { tools: [tool], tool_choice: 'none', messages: [user('Weather?'), called, result] },
    wanted: { toolConfig: { tools: [spec] } },
  },
  {
    name: 'a required call',
    given: { tools: [tool], tool_choice: 'required' },
    wanted: { toolConfig: { tools: [spec], toolChoice: { any: {} } } },
  },
  {
    name: 'a named call',
    model: nova,
    given: { tools: [tool], tool_choice: { type: 'function', function: { name: 'weather' } } },
    wanted: { toolConfig: { tools: [spec], toolChoice: { tool: { name: 'weather' } } } },
  },
  {
    name: 'a call that the family cannot be made to make',
    model: llama,
    given: {
      tools: [tool, { type: 'function', function: { name: 'time' } }],
      tool_choice: { type: 'function', function: { name: 'weather' } },
    },
    wanted: { toolConfig: { tools: [spec] } },
    dropped: ['tool_choice'],
  },
  {
    name: 'one call at a time, which only Claude can be told',
    given: { tools: [tool], tool_choice: 'required', parallel_tool_calls: false },
    wanted: {
      toolConfig: { tools: [spec], toolChoice: { any: {} } },
      additionalModelRequestFields: { tool_choice: { type: 'any', disable_parallel_tool_use: true } },
    },
  },
  {
    name: 'one call at a time elsewhere',
    model: nova,
    given: { tools: [tool], parallel_tool_calls: false },
    wanted: { additionalModelRequestFields: undefined },
    dropped: ['parallel_tool_calls'],
  },
  {
    name: 'a schema as a text, closed for Claude',
    given: { response_format: jsonSchema },
    wanted: {
      outputConfig: {
        textFormat: {
          type: 'json_schema',
          structure: {
            jsonSchema: { schema: JSON.stringify(closed), name: 'place', description: 'A place' },
          },
        },
      },
      toolConfig: undefined,
    },
  },
  {
    name: 'a schema as it is for other families',
    model: 'qwen.qwen3-32b-v1:0',
    given: { response_format: jsonSchema },
    wanted: {
      outputConfig: {
        textFormat: {
          type: 'json_schema',
          structure: {
            jsonSchema: { schema: JSON.stringify(schema), name: 'place', description: 'A place' },
          },
        },
      },
    },
  },
  {
    name: 'a schema by a forced tool',
    model: newClaude,
    given: { response_format: jsonSchema },
    wanted: {
      outputConfig: undefined,
      toolConfig: {
        tools: [{ toolSpec: { name: 'json', description: 'A place', inputSchema: { json: schema } } }],
        toolChoice: { tool: { name: 'json' } },
      },
    },
  },
  {
    name: "a schema by a tool beside the client's own",
    model: nova,
    given: { response_format: jsonSchema, tools: [tool] },
    wanted: {
      toolConfig: {
        tools: [spec, { toolSpec: { name: 'json', description: 'A place', inputSchema: { json: schema } } }],
        toolChoice: { any: {} },
      },
    },
  },
  {
    name: 'a JSON object by words',
    given: { response_format: { type: 'json_object' } },
    wanted: { system: [{ text: expect.stringContaining('JSON object') }] },
  },
  {
    name: "OpenAI's old functions",
    given: { functions: [tool.function], function_call: { name: 'weather' } },
    wanted: {
      toolConfig: { tools: [spec], toolChoice: { tool: { name: 'weather' } } },
      additionalModelRequestFields: {
        tool_choice: { type: 'tool', name: 'weather', disable_parallel_tool_use: true },
      },
    },
  },
])
