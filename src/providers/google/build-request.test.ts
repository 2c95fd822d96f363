import { describe, expect, it } from 'vitest'
import type { Connection } from '../../core/entities.ts'
import { gemini, vertex } from './fixtures/connections.ts'
import { type Body, build, cityDeclaration, citySchema, tool, user } from './fixtures/requests.ts'

interface RequestCase {
  readonly name: string
  readonly body: Body
  readonly connection?: Connection
  /** The members of Google's body that the case is about; undefined: it is not there. */
  readonly sent: Record<string, unknown>
  readonly dropped?: readonly string[]
}

const gemini2 = gemini({ modelName: 'gemini-2.0-flash' })
const gemini3 = gemini({ modelName: 'gemini-3-flash-preview' })
const schemaFormat = (schema: Record<string, unknown>) =>
  ({ type: 'json_schema', json_schema: { name: 'answer', schema } }) as const

const parameterCases: RequestCase[] = [
  {
    name: 'nothing but the messages',
    body: {},
    sent: { contents: [said('hi')], generationConfig: undefined },
  },
  {
    name: 'limits and sampling',
    body: { max_completion_tokens: 7, max_tokens: 5, temperature: 1.5, top_p: 0.5, top_k: 40, seed: 3 },
    sent: { generationConfig: { maxOutputTokens: 7, temperature: 1.5, topP: 0.5, topK: 40, seed: 3 } },
  },
  {
    name: 'stop',
    body: { stop: ['a', '', 'b'] },
    sent: { generationConfig: { stopSequences: ['a', 'b'] } },
  },
  { name: 'n', body: { n: 2 }, sent: { generationConfig: { candidateCount: 2 } } },
  { name: 'n of one', body: { n: 1 }, sent: { generationConfig: undefined } },
  {
    name: 'penalties where the model takes them',
    connection: gemini2,
    body: { presence_penalty: 0.1, frequency_penalty: -1 },
    sent: { generationConfig: { presencePenalty: 0.1, frequencyPenalty: -1 } },
  },
  {
    name: 'penalties where the model refuses them',
    body: { presence_penalty: 0.1, frequency_penalty: 0 },
    sent: { generationConfig: undefined },
    dropped: ['presence_penalty'],
  },
  {
    name: 'penalties on Vertex AI',
    connection: vertex(),
    body: { presence_penalty: 0.1 },
    sent: { generationConfig: { presencePenalty: 0.1 } },
  },
  {
    name: 'penalties where the connection says so',
    connection: gemini({ overrides: { capabilities: { penalties: true } } }),
    body: { presence_penalty: 0.1 },
    sent: { generationConfig: { presencePenalty: 0.1 } },
  },
  {
    name: 'log probabilities',
    body: { logprobs: true, top_logprobs: 3 },
    sent: { generationConfig: { responseLogprobs: true, logprobs: 3 } },
  },
  { name: 'flex', body: { service_tier: 'flex' }, sent: { serviceTier: 'flex' } },
  { name: 'the default tier', body: { service_tier: 'default' }, sent: { serviceTier: 'standard' } },
  {
    name: 'a tier that Google has not',
    body: { service_tier: 'scale' },
    sent: { serviceTier: undefined },
    dropped: ['service_tier'],
  },
  {
    name: 'hints',
    body: { logit_bias: { 7: 1 }, user: 'u', metadata: { a: 'b' }, verbosity: 'low' },
    sent: { generationConfig: undefined },
    dropped: ['logit_bias', 'user', 'metadata', 'verbosity'],
  },
  {
    name: 'no seed beyond 32 bits',
    body: { seed: 2 ** 40 },
    sent: { generationConfig: undefined },
    dropped: ['seed'],
  },
  {
    name: 'the connection’s own fields, last',
    connection: gemini({ overrides: { set: { safetySettings: [] }, drop: ['generationConfig'] } }),
    body: { seed: 1 },
    sent: { safetySettings: [], generationConfig: undefined },
  },
]

const systemCases: RequestCase[] = [
  {
    name: 'system and developer messages apart, in order',
    body: {
      messages: [
        { role: 'system', content: 'A' },
        user('hi'),
        { role: 'developer', content: [{ type: 'text', text: 'B' }] },
      ],
    },
    sent: { systemInstruction: { parts: [{ text: 'A' }, { text: 'B' }] }, contents: [said('hi')] },
  },
  {
    name: 'Gemma: at the head of the first user turn',
    connection: gemini({ modelName: 'gemma-3-27b-it' }),
    body: { messages: [{ role: 'system', content: 'A' }, user('hi')] },
    sent: {
      systemInstruction: undefined,
      contents: [{ role: 'user', parts: [{ text: 'A' }, { text: 'hi' }] }],
    },
  },
  {
    name: 'Gemma: before a conversation that the model began',
    connection: gemini({ modelName: 'gemma-3-27b-it' }),
    body: { messages: [{ role: 'system', content: 'A' }, { role: 'assistant', content: 'B' }, user('C')] },
    sent: { contents: [said('A'), { role: 'model', parts: [{ text: 'B' }] }, said('C')] },
  },
]

const thinkingCases: RequestCase[] = [
  { name: 'no effort named', body: {}, sent: { generationConfig: undefined } },
  ...(
    [
      ['minimal', 512],
      ['low', 1024],
      ['medium', 8192],
      ['high', 24_576],
      ['max', 24_576],
    ] as const
  ).map(([effort, thinkingBudget]) => ({
    name: `a budget for ${effort}`,
    body: { reasoning_effort: effort },
    sent: { generationConfig: { thinkingConfig: { thinkingBudget, includeThoughts: true } } },
  })),
  {
    name: 'none turns thinking off',
    body: { reasoning_effort: 'none' },
    sent: { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } },
  },
  {
    name: 'a model that cannot stop thinking',
    connection: gemini({ modelName: 'gemini-2.5-pro' }),
    body: { reasoning_effort: 'none' },
    sent: { generationConfig: { thinkingConfig: { thinkingBudget: 128 } } },
    dropped: ['reasoning_effort'],
  },
  {
    name: 'a level from Gemini 3 on',
    connection: gemini3,
    body: { reasoning_effort: 'minimal' },
    sent: { generationConfig: { thinkingConfig: { thinkingLevel: 'MINIMAL', includeThoughts: true } } },
  },
  {
    name: 'the next weaker level',
    connection: gemini({ modelName: 'gemini-3-pro-preview' }),
    body: { reasoning_effort: 'medium' },
    sent: { generationConfig: { thinkingConfig: { thinkingLevel: 'LOW', includeThoughts: true } } },
  },
  {
    name: 'none, where there is only a least level',
    connection: gemini3,
    body: { reasoning_effort: 'none' },
    sent: { generationConfig: { thinkingConfig: { thinkingLevel: 'MINIMAL' } } },
    dropped: ['reasoning_effort'],
  },
  {
    name: 'a model that does not think',
    connection: gemini2,
    body: { reasoning_effort: 'high' },
    sent: { generationConfig: undefined },
    dropped: ['reasoning_effort'],
  },
]

const calling = (config: object) => ({ functionCallingConfig: config })
const declared = [{ functionDeclarations: [cityDeclaration] }]

const toolCases: RequestCase[] = [
  { name: 'tools', body: { tools: [tool()] }, sent: { tools: declared, toolConfig: undefined } },
  {
    name: 'a tool without parameters',
    body: { tools: [tool('weather', { type: 'object', properties: {} })] },
    sent: { tools: [{ functionDeclarations: [{ name: 'weather', description: 'Tells the weather' }] }] },
  },
  {
    name: 'none',
    body: { tools: [tool()], tool_choice: 'none' },
    sent: { tools: declared, toolConfig: calling({ mode: 'NONE' }) },
  },
  {
    name: 'required',
    body: { tools: [tool()], tool_choice: 'required' },
    sent: { toolConfig: calling({ mode: 'ANY' }) },
  },
  {
    name: 'a named tool',
    body: { tools: [tool()], tool_choice: { type: 'function', function: { name: 'weather' } } },
    sent: { toolConfig: calling({ mode: 'ANY', allowedFunctionNames: ['weather'] }) },
  },
  {
    name: 'allowed tools',
    body: {
      tools: [tool(), tool('time')],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'weather' } }] },
      },
    },
    sent: { tools: declared, toolConfig: calling({ mode: 'ANY' }) },
  },
  {
    name: 'one call at a time, which Google cannot be asked for',
    body: { tools: [tool()], parallel_tool_calls: false },
    sent: { tools: declared },
    dropped: ['parallel_tool_calls'],
  },
  {
    name: 'a schema that only JSON schema can say',
    body: { tools: [tool('weather', { type: 'object', additionalProperties: { type: 'string' } })] },
    sent: {
      tools: [
        {
          functionDeclarations: [
            {
              name: 'weather',
              description: 'Tells the weather',
              parametersJsonSchema: { type: 'object', additionalProperties: { type: 'string' } },
            },
          ],
        },
      ],
    },
  },
  {
    name: 'OpenAI’s old functions',
    body: { functions: [tool().function], function_call: { name: 'weather' } },
    sent: { tools: declared, toolConfig: calling({ mode: 'ANY', allowedFunctionNames: ['weather'] }) },
  },
]

const formatCases: RequestCase[] = [
  {
    name: 'json_object',
    body: { response_format: { type: 'json_object' } },
    sent: { generationConfig: { responseMimeType: 'application/json' } },
  },
  { name: 'text', body: { response_format: { type: 'text' } }, sent: { generationConfig: undefined } },
  {
    name: 'json_schema, its properties in the client’s order',
    body: {
      response_format: schemaFormat({
        type: 'object',
        properties: { z: { type: 'string' }, a: { type: 'array', items: { type: 'integer' } } },
      }),
    },
    sent: {
      generationConfig: {
        responseMimeType: 'application/json',
        responseSchema: {
          type: 'OBJECT',
          properties: { z: { type: 'STRING' }, a: { type: 'ARRAY', items: { type: 'INTEGER' } } },
          propertyOrdering: ['z', 'a'],
        },
      },
    },
  },
  {
    name: 'json_schema that holds itself',
    body: { response_format: schemaFormat({ type: 'object', properties: { next: { $ref: '#' } } }) },
    sent: {
      generationConfig: {
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object', properties: { next: { $ref: '#' } } },
      },
    },
  },
  {
    name: 'beside tools, from Gemini 3 on',
    connection: gemini3,
    body: { response_format: { type: 'json_object' }, tools: [tool()] },
    sent: { tools: declared, generationConfig: { responseMimeType: 'application/json' } },
  },
  {
    name: 'beside tools that may not be called',
    body: { response_format: { type: 'json_object' }, tools: [tool()], tool_choice: 'none' },
    sent: { tools: undefined, generationConfig: { responseMimeType: 'application/json' } },
  },
]

describe.each([
  ['parameters', parameterCases],
  ['system messages', systemCases],
  ['reasoning_effort', thinkingCases],
  ['tools', toolCases],
  ['response_format', formatCases],
])('requests: %s', (_group, cases) => {
  it.each([...cases])('$name', async (one) => {
    const { sent, dropped } = await build(one)
    const told = Object.fromEntries(Object.keys(one.sent).map((name) => [name, sent[name]]))
    expect(told).toEqual(one.sent)
    expect(dropped).toEqual(one.dropped ?? [])
  })
})

describe('what Google cannot honour', () => {
  it.each<[string, Body, Connection?]>([
    ['n', { n: 9 }],
    ['stop', { stop: ['a', 'b', 'c', 'd', 'e', 'f'] }],
    ['modalities', { modalities: ['audio'] }],
    ['web_search_options', { web_search_options: {} }],
    ['response_format', { response_format: { type: 'json_object' }, tools: [tool()] }],
    ['response_format', { response_format: { type: 'grammar' } as never }],
    ['response_format', { response_format: { type: 'json_object' } }, gemini({ modelName: 'gemma-3-4b-it' })],
    ['tools', { tools: [tool()] }, gemini({ modelName: 'gemma-3-4b-it' })],
    ['logprobs', { logprobs: true }, gemini({ modelName: 'gemma-3-4b-it' })],
    ['messages[0].content[0]', { messages: [user([{ type: 'file', file: { file_id: 'f-1' } }])] }],
  ])('is refused: %s', async (param, body, connection = gemini()) => {
    await expect(build({ body, connection })).rejects.toMatchObject({ code: 'unsupported_parameter', param })
  })

  it.each<[string, Body]>([
    ['temperature', { temperature: 'hot' as never }],
    ['n', { n: 0 }],
    ['top_logprobs', { top_logprobs: 2 }],
    ['reasoning_effort', { reasoning_effort: 'huge' }],
    ['messages[0].content', { messages: [user(' ')] }],
  ])('is no request: %s', async (param, body) => {
    await expect(build({ body })).rejects.toMatchObject({ code: 'invalid_request', param })
  })
})

describe('the schema forms', () => {
  it('may be fixed for a connection', async () => {
    const connection = gemini({ overrides: { capabilities: { schemas: 'json' } } })
    const { sent } = await build({ body: { tools: [tool()] }, connection })
    expect(sent['tools']).toMatchObject([{ functionDeclarations: [{ parametersJsonSchema: citySchema }] }])
  })
})

function said(text: string) {
  return { role: 'user', parts: [{ text }] }
}
