import type { AnswerFixture, ErrorFixture, StreamFixture } from '../contract.suite.ts'
import { answer } from '../openai/fixtures/answers.ts'
import { chunk, completion, done, finish, sse, usageChunk } from '../openai/fixtures/frames.ts'
import { embeddingsCall } from '../testing/calls.ts'
import { chatCall } from '../testing/chat-call.ts'

const messages = [{ role: 'user' as const, content: 'hi' }]
const plain = chatCall({ body: { messages, stream: true } })
const asking = chatCall({ body: { messages, stream: true, stream_options: { include_usage: true } } })
const call = chatCall({ body: { messages } })
const counted = { input: 11, output: 5, cachedInput: 0, cacheWrite: 0, reasoning: 0 }
const toolCall = (fragment: object) => chunk({ tool_calls: [{ index: 0, ...fragment }] })

export const streamFixtures: readonly StreamFixture[] = [
  {
    name: 'reasoning, then text',
    call: asking,
    bytes: sse([
      chunk({ role: 'assistant', content: null }),
      chunk({ reasoning_content: 'Hm. ' }),
      chunk({ content: 'Grüße', tool_calls: [] }),
      finish('stop', { stop_reason: null }),
      usageChunk,
      done,
    ]),
    expected: { text: 'Grüße', reasoning: 'Hm. ', finishReason: 'stop', usage: counted },
  },
  {
    name: 'a tool call',
    call: plain,
    bytes: sse([
      chunk({ role: 'assistant', content: '' }),
      toolCall({ id: 'c1', type: 'function', function: { name: 'now', arguments: '' } }),
      toolCall({ function: { arguments: '{"zone":"UTC"}' } }),
      finish('tool_calls'),
      done,
    ]),
    expected: { toolCalls: [{ name: 'now', arguments: '{"zone":"UTC"}' }], finishReason: 'tool_calls' },
  },
  {
    name: 'an error in the stream, in the old form',
    call: plain,
    bytes: sse([
      chunk({ role: 'assistant' }),
      { object: 'error', message: 'Internal server error', type: 'InternalServerError', code: 500 },
    ]),
    expected: { text: '' },
    failure: { code: 'upstream_error', status: 502, reason: 'provider_down' },
  },
]

export const answerFixtures: readonly AnswerFixture[] = [
  {
    name: 'text',
    call,
    responses: [answer(completion({ content: 'Hello', reasoning_content: 'Hm.' }))],
    expected: { text: 'Hello', reasoning: 'Hm.', finishReason: 'stop', usage: counted },
  },
  {
    name: 'embeddings',
    call: embeddingsCall({ body: { input: ['a', 'b'] } }),
    responses: [
      answer({
        object: 'list',
        model: 'nvidia/nv-embedqa-e5-v5',
        data: [0, 1].map((index) => ({ object: 'embedding', index, embedding: [0.5, -1] })),
        usage: { prompt_tokens: 6, total_tokens: 6 },
      }),
    ],
    expected: { usage: { input: 6, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 } },
  },
]

const problem = (status: number, title: string, detail: string) =>
  JSON.stringify({ type: 'about:blank', status, title, detail })
const auth = { code: 'upstream_auth_failed', status: 502 } as const
const noModel = { code: 'upstream_error', status: 502, reason: 'model_not_found' } as const
const refused = { code: 'invalid_request', reason: null } as const

export const errorFixtures: readonly ErrorFixture[] = [
  {
    name: 'a bad key',
    status: 401,
    body: problem(401, 'Unauthorized', 'Authentication failed'),
    expected: {
      ...auth,
      reason: 'authentication',
      upstream: { status: 401, message: 'Authentication failed' },
    },
  },
  {
    name: 'a key without the right',
    status: 403,
    body: problem(403, 'Forbidden', 'Authorization failed'),
    expected: { ...auth, reason: 'permission' },
  },
  {
    name: 'a function that the account has not',
    status: 404,
    body: problem(404, 'Not Found', "Function '9b1c': Not found for account 'acme'"),
    expected: noModel,
  },
  { name: 'a model that the catalogue has not', status: 404, body: '404 page not found', expected: noModel },
  {
    name: 'a model that a host of one’s own has not',
    status: 404,
    body: JSON.stringify({
      object: 'error',
      message: 'The model `x` does not exist.',
      type: 'NotFoundError',
      param: null,
      code: 404,
    }),
    expected: noModel,
  },
  {
    name: 'a model at its end',
    status: 410,
    body: problem(410, 'Gone', "The model 'x' has reached its end of life."),
    expected: { code: 'upstream_error', status: 502, reason: 'model_deprecated' },
  },
  {
    name: 'a function that is down',
    status: 400,
    body: problem(400, 'Bad Request', "Function id '9b1c': DEGRADED function cannot be invoked"),
    expected: { code: 'upstream_error', status: 502, reason: 'provider_down' },
  },
  {
    name: 'an unknown member',
    status: 400,
    body: JSON.stringify({ detail: 'Validation: Unsupported parameter(s): `tool_stream`' }),
    expected: { ...refused, status: 400, message: 'Validation: Unsupported parameter(s): `tool_stream`' },
  },
  {
    name: 'dimensions of a model of one size',
    status: 422,
    body: '{"detail":[{"loc":["body","dimensions"],"msg":"Extra inputs are not permitted"}]}',
    expected: { ...refused, status: 422, message: 'body.dimensions: Extra inputs are not permitted' },
  },
  {
    name: 'an embedding of nobody knows what',
    status: 400,
    body: JSON.stringify({
      object: 'error',
      message: "'input_type' parameter is required for asymmetric models",
      detail: {},
      type: 'invalid_request_error',
    }),
    expected: { ...refused, status: 400 },
  },
  {
    name: 'a context overflow',
    status: 400,
    body: JSON.stringify({
      object: 'error',
      message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
      type: 'BadRequestError',
      code: 400,
    }),
    expected: { code: 'context_length_exceeded', status: 400, reason: null },
  },
  {
    name: 'no credits',
    status: 402,
    body: JSON.stringify({ detail: "You have no credits left for '9b1c'." }),
    expected: { code: 'rate_limit_exceeded', status: 429, reason: 'quota' },
  },
  {
    name: 'too many requests',
    status: 429,
    headers: { 'retry-after': '4' },
    body: JSON.stringify({ status: 429, title: 'Too Many Requests' }),
    expected: { code: 'rate_limit_exceeded', status: 429, reason: 'rate_limit', retryAfterMs: 4000 },
  },
  {
    name: 'a failure without a word',
    status: 504,
    body: '',
    expected: { code: 'upstream_error', status: 502, reason: 'provider_down' },
  },
]
