import type { AnswerFixture, ErrorFixture, StreamFixture } from '../contract.suite.ts'
import { answer } from '../openai/fixtures/answers.ts'
import { chunk, completion, done, finish, sse, usageChunk } from '../openai/fixtures/frames.ts'
import { completionsCall, embeddingsCall } from '../testing/calls.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'

const messages = [{ role: 'user' as const, content: 'hi' }]
const plain = chatCall({ body: { messages, stream: true } })
const asking = chatCall({ body: { messages, stream: true, stream_options: { include_usage: true } } })
const call = chatCall({ body: { messages } })
const counted = { input: 11, output: 5, cachedInput: 0, cacheWrite: 0, reasoning: 0 }
const dedicated = testConnection({ settings: { base_url: 'https://x1.endpoints.test' } })

export const streamFixtures: readonly StreamFixture[] = [
  {
    name: 'text of TGI',
    call: asking,
    bytes: sse([
      chunk({ role: 'assistant', content: 'Grüße' }),
      chunk({ role: 'assistant', content: ', 世界' }),
      finish('eos_token'),
      usageChunk,
      done,
    ]),
    expected: { text: 'Grüße, 世界', finishReason: 'stop', usage: counted },
  },
  {
    name: 'an error of TGI in the stream',
    call: plain,
    bytes: sse([
      chunk({ role: 'assistant', content: 'Gr' }),
      { error: 'Incomplete generation', error_type: 'incomplete_generation' },
    ]),
    expected: { text: 'Gr' },
    failure: { code: 'upstream_error', status: 502, reason: 'provider_down' },
  },
]

export const answerFixtures: readonly AnswerFixture[] = [
  {
    name: 'text',
    call,
    responses: [answer(completion({ content: 'Hello' }))],
    expected: { text: 'Hello', finishReason: 'stop', usage: counted },
  },
  {
    name: 'completions of a dedicated endpoint',
    call: completionsCall({ body: { prompt: 'on' }, connection: dedicated }),
    responses: [
      answer(completion({}, { choices: [{ index: 0, text: ' and on', finish_reason: 'length' }] })),
    ],
    expected: { text: ' and on', finishReason: 'length' },
  },
  {
    name: 'embeddings of a dedicated endpoint',
    call: embeddingsCall({ body: { input: 'a' }, connection: dedicated }),
    responses: [
      answer({
        object: 'list',
        model: 'BAAI/bge-m3',
        data: [{ object: 'embedding', index: 0, embedding: [0.5, -1] }],
        usage: { prompt_tokens: 3, total_tokens: 3 },
      }),
    ],
    expected: { usage: { input: 3, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 } },
  },
  {
    name: 'vectors of the pipeline',
    call: embeddingsCall({ body: { input: ['a', 'b'] } }),
    responses: [
      answer([
        [0.5, -1],
        [0.25, 2],
      ]),
    ],
    expected: { usage: null },
  },
]

const told = (error: unknown, more: object = {}) => JSON.stringify({ error, ...more })
const auth = { code: 'upstream_auth_failed', status: 502 } as const
const noModel = { code: 'upstream_error', status: 502, reason: 'model_not_found' } as const
const down = { code: 'upstream_error', status: 502, reason: 'provider_down' } as const

export const errorFixtures: readonly ErrorFixture[] = [
  {
    name: 'a bad token',
    status: 401,
    body: told('Invalid username or password.'),
    expected: { ...auth, reason: 'authentication' },
  },
  {
    name: 'a token without the permission',
    status: 403,
    body: told(
      'This authentication method does not have sufficient permissions to call Inference Providers.',
    ),
    expected: { ...auth, reason: 'permission' },
  },
  {
    name: 'credits used up',
    status: 402,
    body: told('You have exceeded your monthly included credits for Inference Providers.'),
    expected: { code: 'rate_limit_exceeded', status: 429, reason: 'quota' },
  },
  {
    name: 'a model that no host serves',
    status: 400,
    body: told({
      message: "The requested model 'org/x' is not supported by any provider you have enabled.",
      type: 'invalid_request_error',
      param: 'model',
      code: 'model_not_supported',
    }),
    expected: noModel,
  },
  {
    name: 'a model that the pipeline does not serve',
    status: 400,
    body: told('Model org/x is not supported by provider hf-inference.'),
    expected: noModel,
  },
  {
    name: 'a model that is being loaded',
    status: 503,
    body: told('Model org/x is currently loading', { estimated_time: 20.5 }),
    expected: { ...down, retryAfterMs: 20_500 },
  },
  {
    name: 'a model that is being loaded, with a hint of the server’s',
    status: 503,
    headers: { 'retry-after': '3' },
    body: told('Model org/x is currently loading', { estimated_time: 20.5 }),
    expected: { ...down, retryAfterMs: 3000 },
  },
  {
    name: 'a prompt that is too long for TGI',
    status: 422,
    body: told(
      'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens',
      { error_type: 'validation' },
    ),
    expected: { code: 'context_length_exceeded', status: 400, reason: null },
  },
  {
    name: 'a fault in the request, told as a list',
    status: 400,
    body: told(['Error in `parameters.truncate`: value is not a valid boolean']),
    expected: {
      code: 'invalid_request',
      status: 400,
      reason: null,
      message: 'Error in `parameters.truncate`: value is not a valid boolean',
    },
  },
  {
    name: 'a parameter that the host does not take',
    status: 422,
    body: told('Template error: tools are not supported', { error_type: 'validation' }),
    expected: { code: 'invalid_request', status: 422, reason: null },
  },
  {
    name: 'a queue that is full',
    status: 429,
    body: told('Model is overloaded', { error_type: 'overloaded' }),
    expected: { code: 'rate_limit_exceeded', status: 429, reason: 'rate_limit' },
  },
  {
    name: 'a generation that failed',
    status: 424,
    body: told('Request failed during generation: CUDA error', { error_type: 'generation' }),
    expected: down,
  },
  { name: 'a page of a load balancer', status: 502, body: '<html>Bad Gateway</html>', expected: down },
]
