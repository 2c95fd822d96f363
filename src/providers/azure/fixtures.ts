import type { AnswerFixture, ErrorFixture, StreamFixture } from '../contract.suite.ts'
import { answer } from '../openai/fixtures/answers.ts'
import { chunk, completion, done, finish, head, sse, usageChunk } from '../openai/fixtures/frames.ts'
import { completionsCall, embeddingsCall } from '../testing/calls.ts'
import { chatCall } from '../testing/chat-call.ts'

const messages = [{ role: 'user' as const, content: 'hi' }]
const plain = chatCall({ body: { messages, stream: true } })
const asking = chatCall({ body: { messages, stream: true, stream_options: { include_usage: true } } })
const counted = { input: 11, output: 5, cachedInput: 0, cacheWrite: 0, reasoning: 0 }

const safe = { hate: { filtered: false, severity: 'safe' }, jailbreak: { filtered: false, detected: false } }
const promptFilter = {
  choices: [],
  created: 0,
  id: '',
  model: '',
  object: '',
  prompt_filter_results: [{ prompt_index: 0, content_filter_results: safe }],
}
const filtered = (delta: object, reason: string | null = null) => ({
  ...head,
  choices: [{ content_filter_results: safe, delta, finish_reason: reason, index: 0, logprobs: null }],
})
/** The asynchronous filter's own chunk: offsets, no delta. */
const offsets = {
  ...head,
  id: '',
  model: '',
  choices: [
    {
      index: 0,
      finish_reason: null,
      content_filter_results: safe,
      content_filter_offsets: { check_offset: 44, start_offset: 44, end_offset: 198 },
    },
  ],
}

export const streamFixtures: readonly StreamFixture[] = [
  {
    name: 'filter results before, beside and after the text',
    call: asking,
    bytes: sse([
      promptFilter,
      filtered({ role: 'assistant', content: '', refusal: null }),
      filtered({ content: 'Grüße, ' }),
      offsets,
      filtered({ content: '世界' }),
      filtered({}, 'stop'),
      offsets,
      usageChunk,
      done,
    ]),
    expected: { text: 'Grüße, 世界', finishReason: 'stop', usage: counted },
  },
  {
    name: 'an old version: annotations, no usage',
    call: plain,
    bytes: sse([
      { id: '', object: '', created: 0, model: '', prompt_annotations: [], choices: [], usage: null },
      chunk({ role: 'assistant' }),
      chunk({ content: 'Hello' }),
      finish('stop'),
      done,
    ]),
    expected: { text: 'Hello', finishReason: 'stop', usage: null },
  },
  {
    name: 'an answer stopped by the filter',
    call: plain,
    bytes: sse([promptFilter, filtered({ content: 'Well' }), filtered({}, 'content_filter'), done]),
    expected: { text: 'Well', finishReason: 'content_filter' },
  },
  {
    name: 'a prompt that the filter refused after the stream began',
    call: plain,
    bytes: sse([
      promptFilter,
      {
        error: { code: 'content_filter', message: 'The prompt was filtered.', param: 'prompt', status: 400 },
      },
    ]),
    expected: { text: '' },
    failure: { code: 'invalid_request', status: 400, shownCode: 'content_filter', reason: null },
  },
]

const call = chatCall({ body: { messages } })

export const answerFixtures: readonly AnswerFixture[] = [
  {
    name: 'text with filter results',
    call,
    responses: [
      answer(
        completion(
          { content: 'Hello', refusal: null },
          { prompt_filter_results: [{ prompt_index: 0, content_filter_results: safe }] },
        ),
      ),
    ],
    expected: { text: 'Hello', finishReason: 'stop', usage: counted },
  },
  {
    name: 'an answer filtered whole, without a message',
    call,
    responses: [
      answer({
        ...completion({}),
        choices: [{ index: 0, finish_reason: 'content_filter', content_filter_results: safe }],
      }),
    ],
    expected: { text: '', finishReason: 'content_filter', usage: counted },
  },
  {
    name: 'completions',
    call: completionsCall({ body: { prompt: 'on' } }),
    responses: [
      answer(
        completion({}, { choices: [{ index: 0, text: ' and on', finish_reason: 'stop', logprobs: null }] }),
      ),
    ],
    expected: { text: ' and on', finishReason: 'stop' },
  },
  {
    name: 'embeddings',
    call: embeddingsCall({ body: { input: 'a' } }),
    responses: [
      answer({
        object: 'list',
        model: 'text-embedding-3-small',
        data: [{ object: 'embedding', index: 0, embedding: [0.5, -1] }],
        usage: { prompt_tokens: 1, total_tokens: 1 },
      }),
    ],
    expected: { usage: { input: 1, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 } },
  },
]

const told = (code: string, message: string, more: object = {}) =>
  JSON.stringify({ error: { code, message, ...more } })
const auth = { code: 'upstream_auth_failed', status: 502, costly: false } as const

export const errorFixtures: readonly ErrorFixture[] = [
  {
    name: 'a bad key',
    status: 401,
    body: told('401', 'Access denied due to invalid subscription key or wrong API endpoint.'),
    expected: { ...auth, reason: 'authentication' },
  },
  {
    name: 'a gateway’s own form of a refused token',
    status: 401,
    body: JSON.stringify({ statusCode: 401, message: 'Unauthorized. Access token is missing or invalid.' }),
    expected: { ...auth, reason: 'authentication' },
  },
  {
    name: 'an identity without the role',
    status: 401,
    body: told('PermissionDenied', 'The principal lacks the required data action.'),
    expected: { ...auth, reason: 'permission' },
  },
  {
    name: 'a firewall',
    status: 403,
    body: told('403', 'Access denied due to Virtual Network/Firewall rules.'),
    expected: { ...auth, reason: 'permission' },
  },
  {
    name: 'a deployment that is not there',
    status: 404,
    body: told('DeploymentNotFound', 'The API deployment for this resource does not exist.'),
    expected: { code: 'upstream_error', status: 502, reason: 'model_not_found' },
  },
  {
    name: 'a path that is not there',
    status: 404,
    body: told('404', 'Resource not found'),
    expected: { code: 'invalid_request', status: 404, reason: null, shownCode: null },
  },
  {
    name: 'a prompt that was filtered',
    status: 400,
    body: told('content_filter', 'The response was filtered.', {
      param: 'prompt',
      status: 400,
      innererror: {
        code: 'ResponsibleAIPolicyViolation',
        content_filter_result: { hate: { filtered: true } },
      },
    }),
    expected: {
      code: 'invalid_request',
      status: 400,
      reason: null,
      shownCode: 'content_filter',
      param: 'prompt',
    },
  },
  {
    name: 'a policy violation told by the inner error alone',
    status: 400,
    body: JSON.stringify({
      error: { message: 'Refused.', code: null, innererror: { code: 'ResponsibleAIPolicyViolation' } },
    }),
    expected: { code: 'invalid_request', status: 400, reason: null },
  },
  {
    name: 'a rate limit, in words',
    status: 429,
    body: told('429', 'Requests have exceeded token rate limit. Please retry after 7 seconds.'),
    expected: { code: 'rate_limit_exceeded', status: 429, reason: 'rate_limit', retryAfterMs: 7000 },
  },
  {
    name: 'a rate limit, in milliseconds',
    status: 429,
    headers: { 'retry-after-ms': '250', 'retry-after': '1' },
    body: told('429', 'Try later.'),
    expected: { reason: 'rate_limit', retryAfterMs: 250 },
  },
  {
    name: 'a limit that never lets the request through',
    status: 429,
    headers: { 'retry-after': '60' },
    body: told('429', 'Requests have exceeded call rate limit. Please retry after 86400 seconds.'),
    expected: { code: 'rate_limit_exceeded', status: 429, reason: 'quota', retryAfterMs: 86_400_000 },
  },
  {
    name: 'an api-version beside v1',
    status: 400,
    body: told('BadRequest', 'api-version query parameter is not allowed when using /v1 path'),
    expected: { code: 'invalid_request', status: 400, reason: null, shownCode: 'BadRequest' },
  },
  {
    name: 'a parameter',
    status: 400,
    body: told('unsupported_parameter', "Unsupported parameter: 'max_tokens'.", {
      param: 'max_tokens',
      type: 'invalid_request_error',
    }),
    expected: { code: 'invalid_request', status: 400, reason: null, param: 'max_tokens' },
  },
  {
    name: 'a context overflow',
    status: 400,
    body: told('context_length_exceeded', "This model's maximum context length is 8192 tokens."),
    expected: { code: 'context_length_exceeded', status: 400, reason: null },
  },
  {
    name: 'a failure',
    status: 503,
    body: told('InternalServerError', 'Backend returned unexpected response.'),
    expected: { code: 'upstream_error', status: 502, reason: 'provider_down' },
  },
]
