import fc from 'fast-check'
import { describe, it } from 'vitest'
import { wholeBody } from '../core/body.ts'
import type { Connection } from '../core/entities.ts'
import { GatewayError } from '../core/errors.ts'
import type { ChatRequest } from '../core/openai.ts'
import { gemini, vertex } from './google/fixtures/connections.ts'
import { createProviders } from './index.ts'
import { chatCall, testConnection } from './testing/chat-call.ts'

const providers = createProviders()
const settings = {
  aws_region: 'us-east-1',
  azure_endpoint: 'https://azure.test',
  api_version: '2024-10-21',
  base_url: 'https://host.test/v1',
}
const connect = (provider: string, modelName: string) => testConnection({ provider, modelName, settings })

const connections: readonly Connection[] = [
  ...['openai', 'openai_compatible', 'groq', 'mistral', 'together', 'ollama'].map((id) =>
    connect(id, 'gpt-5'),
  ),
  ...['azure_openai', 'huggingface', 'nvidia'].map((id) => connect(id, 'some-model')),
  ...['palmyra-x4', 'palmyra-x5'].map((model) => connect('writer', model)),
  ...['claude-3-haiku', 'claude-sonnet-4-5', 'claude-opus-5-5'].map((model) => connect('anthropic', model)),
  ...['command-r', 'command-a-reasoning', 'command-a-vision'].map((model) => connect('cohere', model)),
  ...['anthropic.claude-sonnet-4-5', 'amazon.nova-pro', 'meta.llama3-1', 'mistral.mistral-large'].map(
    (model) => connect('bedrock', model),
  ),
  ...['gemini-2.5-flash', 'gemini-3-pro', 'gemma-3-27b'].map((modelName) => gemini({ modelName })),
  ...['gemini-2.5-pro', 'claude-sonnet-4-5@20250929'].map((modelName) => vertex({ modelName })),
]

const junk = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, -1, 1e308, true, [], {}, [null], '__proto__'),
  fc.jsonValue(),
)
/** Mostly what it should be. */
const mostly = (good: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: junk })
const some = (...values: unknown[]) => mostly(fc.constantFrom(...values))
const record = (members: Record<string, fc.Arbitrary<unknown>>, requiredKeys: string[] = []) =>
  fc.record(members, { requiredKeys })

const texts = fc.constantFrom('', ' ', 'hi', '{"a":1}', 'null', '世界', '\ud800')
const urls = fc.constantFrom(
  'https://img.test/a.png',
  'http://img.test/a.png',
  'gs://bucket/a.pdf',
  'data:,',
  'data:constructor;base64,AAAA',
  'data:image/png;base64,iVBORw0KGgo=',
  'data:application/pdf;base64,JVBERi0=',
)
const mark = some({ type: 'ephemeral', ttl: '1h' })
const part = fc.oneof(
  record({ type: fc.constant('text'), text: mostly(texts), cache_control: mark }, ['type']),
  record(
    { type: fc.constant('image_url'), image_url: mostly(record({ url: mostly(urls), detail: some('low') })) },
    ['type'],
  ),
  record(
    {
      type: fc.constant('file'),
      file: mostly(record({ file_data: mostly(urls), filename: some('a.pdf', 'b.constructor') })),
    },
    ['type'],
  ),
  record({ type: fc.constant('input_audio'), input_audio: some({ data: 'AAAA', format: 'wav' }) }, ['type']),
  record({ type: fc.constantFrom('video', 'constructor', 'refusal') }, ['type']),
)
const content = fc.oneof(texts, fc.constant(null), fc.array(part, { maxLength: 3 }))
const names = some('a', 'json', 'constructor', 'x'.repeat(80))
const ids = some('call_1', 'call_2', 'an id with spaces')
const called = record({ name: names, arguments: mostly(texts), parsed_arguments: junk })
const call = record({
  id: ids,
  type: some('function', 'custom'),
  function: mostly(called),
  extra_content: junk,
})
const lists = (items: fc.Arbitrary<unknown>) => fc.oneof(fc.constant(null), fc.array(items, { maxLength: 3 }))
const message = fc.oneof(
  record({ role: fc.constantFrom('user', 'system', 'developer'), content, name: junk }, ['role']),
  record({ role: fc.constantFrom('tool', 'function'), content, tool_call_id: ids, name: names }, ['role']),
  record(
    {
      role: fc.constant('assistant'),
      content,
      tool_calls: lists(call),
      thinking_blocks: lists(
        record({ type: some('thinking', 'redacted_thinking'), signature: some('s'), data: junk }),
      ),
      ...Object.fromEntries(
        ['refusal', 'parsed', 'annotations', 'audio', 'reasoning_content', 'tool_plan', 'cache_control'].map(
          (name) => [name, junk],
        ),
      ),
      function_call: mostly(called),
    },
    ['role'],
  ),
)
const leaf = some(
  { type: 'string' },
  { type: ['integer', 'null'] },
  { type: 'constructor' },
  { enum: ['a', 1] },
  { $ref: '#' },
  { allOf: [{ $ref: '#/$defs/a' }] },
  { type: 'array' },
)
const schema = mostly(
  record({
    type: some('object', '__proto__'),
    properties: mostly(fc.dictionary(fc.string(), leaf)),
    required: junk,
    $defs: some({ a: {} }),
    additionalProperties: junk,
  }),
)
const tool = record({
  type: some('function', 'custom'),
  function: mostly(record({ name: names, parameters: schema, strict: some(true) })),
  cache_control: mark,
})
const numbers = some(0, 1, 2.5, -1, 2 ** 40)
const members: Record<string, fc.Arbitrary<unknown>> = {
  stream: fc.boolean(),
  tools: lists(tool),
  functions: mostly(lists(mostly(record({ name: names, parameters: schema })))),
  tool_choice: some('auto', 'none', 'required', { type: 'function', function: { name: 'a' } }),
  response_format: mostly(
    record({
      type: some('json_object', 'json_schema'),
      json_schema: mostly(record({ name: names, schema })),
    }),
  ),
  stop: some('a', ' ', ['a', 'b', 'c', 'd', 'e']),
  reasoning_effort: some('none', 'low', 'max'),
  thinking: some({ type: 'enabled', budget_tokens: 5 }, { type: 'adaptive' }),
  metadata: some({ a: 'b' }, { stage: 'planning' }, { a: 5 }),
  service_tier: some('auto', 'flex', 'priority'),
  ...Object.fromEntries(
    [
      'max_tokens',
      'max_completion_tokens',
      'temperature',
      'top_p',
      'top_k',
      'n',
      'seed',
      'top_logprobs',
      'presence_penalty',
    ].map((name) => [name, numbers]),
  ),
  ...Object.fromEntries(
    [
      'function_call',
      'parallel_tool_calls',
      'logprobs',
      'logit_bias',
      'user',
      'store',
      'prediction',
      'modalities',
      'audio',
      'web_search_options',
      'verbosity',
      'documents',
      'cache_control',
    ].map((name) => [name, junk]),
  ),
}
const bodies = fc
  .tuple(fc.array(message, { minLength: 1, maxLength: 5 }), fc.subarray(Object.keys(members)))
  .chain(([messages, keys]) =>
    record(Object.fromEntries(keys.map((key) => [key, members[key] as fc.Arbitrary<unknown>])), keys).map(
      (rest) => ({ messages, ...rest }),
    ),
  )

/** Whatever a client sends (the door has checked no more than types of lists), nothing but a 400 comes of it. */
describe.each(connections.map((one) => [`${one.provider} ${one.modelName}`, one] as const))(
  '%s',
  (_, connection) => {
    it('answers any request with JSON of its own, or refuses it', () => {
      const translator = providers.get(connection.provider)?.operations.chat
      if (translator === undefined) throw new Error('every provider has chat')
      fc.assert(
        fc.property(bodies, (body) => {
          const made = chatCall({ body: body as unknown as Omit<ChatRequest, 'model'>, connection })
          try {
            translator.assets?.(made)
            const built = translator.buildRequests(made)
            if (built instanceof Promise) throw new Error('this provider does not wait')
            for (const request of built.requests) JSON.parse(Buffer.from(wholeBody(request.body)).toString())
            const mode = translator.streaming(connection)
            if (mode.kind === 'translate') mode.open(made)
            return true
          } catch (error) {
            if (error instanceof GatewayError) return error.status === 400
            throw error
          }
        }),
        { numRuns: 150, verbose: true },
      )
    })
  },
)
