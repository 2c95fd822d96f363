import type { Connection } from '../../core/entities.ts'
import type { ChatRequest, EmbeddingsRequest } from '../../core/openai.ts'
import { testConnection } from '../testing/chat-call.ts'
import type { CustomTemplate } from './template.ts'

export const url = 'https://models.example.com/v2/generate'

/** An API of an invented kind: prompts in, generations out. */
export const plain: CustomTemplate = {
  url,
  headers: { Authorization: 'Bearer {{api_key}}' },
  request: '{"model": model, "prompt": $join(messages.(role & ": " & content), "\n"), "stream": stream}',
  response: {
    text: 'generations.text',
    tool_calls: 'calls.{"id": id, "name": tool, "arguments": input}',
    finish_reason: 'end = "max" ? "length" : end = "filter" ? "content_filter" : "stop"',
    usage: { input: 'tokens.prompt', output: 'tokens.generated' },
    error: 'failure',
  },
}

export const sse: CustomTemplate = {
  ...plain,
  stream: {
    format: 'sse',
    delta: 'piece',
    done: 'last',
    usage: { input: 'tokens.prompt', output: 'tokens.generated' },
    error: 'failure',
  },
}

export const ndjson: CustomTemplate = { ...sse, stream: { ...sse.stream!, format: 'ndjson' } }

export const vectors: CustomTemplate = {
  url,
  request: '{"texts": input, "size": dimensions}',
  response: { embeddings: 'items.[vector]', usage: { input: 'tokens', output: '0' }, error: 'failure' },
}

export function customConnection(template: CustomTemplate, more: Partial<Connection> = {}): Connection {
  const connection = testConnection({ provider: 'custom', modelName: 'upstream-model' })
  return { ...connection, custom: template as unknown as Connection['custom'], ...more }
}

export interface RequestCase {
  readonly name: string
  readonly template: CustomTemplate
  readonly body: Partial<ChatRequest>
  readonly expected: { method?: string; url?: string; body: unknown; headers?: Record<string, string> }
}

const messages: ChatRequest['messages'] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hi' },
]
const prompt = 'system: Be brief.\nuser: Hi'

export const requestCases: readonly RequestCase[] = [
  {
    name: 'a prompt of all messages',
    template: plain,
    body: { messages },
    expected: {
      method: 'POST',
      url,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        authorization: 'Bearer {{api_key}}',
      },
      body: { model: 'upstream-model', prompt, stream: false },
    },
  },
  {
    name: 'a stream that the upstream is not asked for',
    template: plain,
    body: { messages, stream: true },
    expected: { body: { model: 'upstream-model', prompt, stream: false } },
  },
  {
    name: 'a stream of SSE',
    template: sse,
    body: { messages, stream: true },
    expected: {
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        authorization: 'Bearer {{api_key}}',
      },
      body: { model: 'upstream-model', prompt, stream: true },
    },
  },
  {
    name: 'a stream of lines, by PUT, with a content type of its own',
    template: { ...ndjson, method: 'PUT', headers: { 'Content-Type': 'application/vnd.models+json' } },
    body: { messages, stream: true },
    expected: {
      method: 'PUT',
      headers: { accept: 'application/x-ndjson', 'content-type': 'application/vnd.models+json' },
      body: { model: 'upstream-model', prompt, stream: true },
    },
  },
  {
    name: 'a query',
    template: {
      ...plain,
      url: `${url}?v=1`,
      method: 'GET',
      headers: {},
      request: '{"q": messages[-1].content, "n": 2}',
    },
    body: { messages: [{ role: 'user', content: 'a & b' }] },
    expected: {
      method: 'GET',
      url: `${url}?v=1&q=a+%26+b&n=2`,
      headers: { accept: 'application/json' },
      body: null,
    },
  },
  {
    name: 'the parts of a content, a default, and tools in words of its own',
    template: {
      ...plain,
      request:
        '{"text": messages[-1].content[type="text"].text, "heat": temperature ? temperature : 0.7, ' +
        '"functions": tools.function.{"id": name, "schema": parameters}[]}',
    },
    body: {
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Weather?' }] }],
      tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
    },
    expected: {
      body: { text: 'Weather?', heat: 0.7, functions: [{ id: 'weather', schema: { type: 'object' } }] },
    },
  },
]

const user = (content: string): ChatRequest['messages'] => [{ role: 'user', content }]

export const moreRequestCases: readonly RequestCase[] = [
  {
    name: 'the system apart from the conversation',
    template: {
      ...plain,
      request: '{"preamble": messages[role="system"].content, "turns": messages[role!="system"].content[]}',
    },
    body: { messages },
    expected: { body: { preamble: 'Be brief.', turns: ['Hi'] } },
  },
  {
    name: 'a stop in a list, be it one text or several',
    template: { ...plain, request: '{"ends": stop[]}' },
    body: { messages, stop: 'x' },
    expected: { body: { ends: ['x'] } },
  },
  {
    name: 'one of the two names of the limit, the newer where both are there',
    template: {
      ...plain,
      request: '{"limit": $exists(max_completion_tokens) ? max_completion_tokens : max_tokens}',
    },
    body: { messages, max_tokens: 3, max_completion_tokens: 5 },
    expected: { body: { limit: 5 } },
  },
  {
    name: 'nothing of what is not there, and null of what is null',
    template: { ...plain, request: '{"heat": temperature, "user": user, "seed": seed}' },
    body: { messages, temperature: 0, seed: null },
    expected: { body: { heat: 0, seed: null } },
  },
  {
    name: 'letters of every kind as they came',
    template: { ...plain, request: '{"q": messages[-1].content}' },
    body: { messages: user('Grüße 世界 🌍 \u0000 "q" \\ \u2028') },
    expected: { body: { q: 'Grüße 世界 🌍 \u0000 "q" \\ \u2028' } },
  },
  {
    name: 'the results of tools, each with the call that it answers',
    template: {
      ...plain,
      request: '{"results": messages[role="tool"].{"call": tool_call_id, "text": content}[]}',
    },
    body: {
      messages: [
        ...user('Weather?'),
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'a', content: 'sunny' },
      ],
    },
    expected: { body: { results: [{ call: 'a', text: 'sunny' }] } },
  },
]

export interface AnswerCase {
  readonly name: string
  readonly answer: unknown
  readonly message: Record<string, unknown>
  readonly finish: string
  readonly usage: { input: number; output: number } | null
}

export const answerCases: readonly AnswerCase[] = [
  {
    name: 'a text with its usage',
    answer: { generations: [{ text: 'Hello' }], end: 'eos', tokens: { prompt: 3, generated: 1 } },
    message: { content: 'Hello' },
    finish: 'stop',
    usage: { input: 3, output: 1 },
  },
  {
    name: 'texts that are one, cut off at the length, without usage',
    answer: { generations: [{ text: 'Hel' }, { text: 'lo' }], end: 'max' },
    message: { content: 'Hello' },
    finish: 'length',
    usage: null,
  },
  {
    name: 'an empty text that was filtered',
    answer: { generations: [{ text: '' }], end: 'filter', tokens: { prompt: 3 } },
    message: { content: '' },
    finish: 'content_filter',
    usage: { input: 3, output: 0 },
  },
  {
    name: 'a tool call without arguments',
    answer: { calls: [{ id: 'c', tool: 'now', input: null }] },
    message: {
      content: null,
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'now', arguments: '{}' } }],
    },
    finish: 'stop',
    usage: null,
  },
  {
    name: 'one tool call without an id',
    answer: { calls: [{ tool: 'weather', input: { city: 'Rome' } }] },
    message: {
      content: null,
      tool_calls: [
        {
          id: 'call_0123456789abcdef0123456789abcdef_0',
          type: 'function',
          function: { name: 'weather', arguments: '{"city":"Rome"}' },
        },
      ],
    },
    finish: 'stop',
    usage: null,
  },
  {
    name: 'two tool calls beside a text',
    answer: {
      generations: { text: 'Let me see.' },
      calls: [
        { id: 'a', tool: 'weather', input: '{}' },
        { id: 'b', tool: 'time' },
      ],
    },
    message: {
      content: 'Let me see.',
      tool_calls: [
        { id: 'a', function: { name: 'weather', arguments: '{}' } },
        { id: 'b', function: { name: 'time', arguments: '{}' } },
      ],
    },
    finish: 'stop',
    usage: null,
  },
]

export interface EmbeddingCase {
  readonly name: string
  readonly input: EmbeddingsRequest['input']
  readonly answer: unknown
  readonly expected: number[][] | null
}

export const embeddingCases: readonly EmbeddingCase[] = [
  { name: 'one text', input: 'a', answer: { items: [{ vector: [1, 2] }] }, expected: [[1, 2]] },
  {
    name: 'two texts',
    input: ['a', 'b'],
    answer: { items: [{ vector: [1, 2] }, { vector: [3, 4] }] },
    expected: [
      [1, 2],
      [3, 4],
    ],
  },
  {
    name: 'one text, in tokens',
    input: [7, 8, 9],
    answer: { items: { vector: [1, 2] } },
    expected: [[1, 2]],
  },
  {
    name: 'fewer vectors than texts',
    input: ['a', 'b'],
    answer: { items: [{ vector: [1] }] },
    expected: null,
  },
  { name: 'no vectors', input: ['a'], answer: { items: [] }, expected: null },
  { name: 'texts in place of vectors', input: ['a'], answer: { items: [{ vector: ['x'] }] }, expected: null },
]
