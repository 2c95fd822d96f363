import type { AnswerFixture, ErrorFixture, StreamFixture } from '../contract.suite.ts'
import { answer } from '../openai/fixtures/answers.ts'
import { chunk, completion, done, finish, head, sse } from '../openai/fixtures/frames.ts'
import { completionsCall } from '../testing/calls.ts'
import { chatCall } from '../testing/chat-call.ts'

const messages = [{ role: 'user' as const, content: 'hi' }]
const plain = chatCall({ body: { messages, stream: true } })
const asking = chatCall({ body: { messages, stream: true, stream_options: { include_usage: true } } })
const call = chatCall({ body: { messages } })

const usage = {
  prompt_tokens: 11,
  completion_tokens: 5,
  total_tokens: 16,
  prompt_token_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
}
const counted = { input: 11, output: 5, cachedInput: 4, cacheWrite: 0, reasoning: 2 }
const toolCall = (fragment: object) => chunk({ tool_calls: [{ index: 0, ...fragment }] })

export const streamFixtures: readonly StreamFixture[] = [
  {
    name: 'text, with chunks that hold nothing, and usage in its own words',
    call: asking,
    bytes: sse([
      chunk({ role: 'assistant', content: '' }),
      { ...head, choices: [] },
      chunk({ content: 'Grüße, ' }),
      chunk({ content: '世界', graph_data: null }),
      finish('stop'),
      { ...head, choices: [], usage },
      done,
    ]),
    expected: { text: 'Grüße, 世界', finishReason: 'stop', usage: counted },
  },
  {
    name: 'a tool call',
    call: plain,
    bytes: sse([
      chunk({ role: 'assistant', content: '' }),
      toolCall({ id: 'c1', type: 'function', function: { name: 'now', arguments: '{"zone"' } }),
      toolCall({ function: { arguments: ':"UTC"}' } }),
      finish('tool_calls'),
      done,
    ]),
    expected: { toolCalls: [{ name: 'now', arguments: '{"zone":"UTC"}' }], finishReason: 'tool_calls' },
  },
  {
    name: 'an error in the stream',
    call: plain,
    bytes: sse([
      chunk({ role: 'assistant', content: '' }),
      { tpe: 'InternalServerError', errors: [{ description: 'It broke.', key: 'fail.unknown', extras: {} }] },
    ]),
    expected: { text: '' },
    failure: { code: 'upstream_error', status: 502, reason: 'provider_down' },
  },
]

const withArguments = (text: string) =>
  completion(
    {},
    {
      choices: [
        {
          index: 0,
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: '',
            tool_calls: [
              { id: 'c1', type: 'function', index: 0, function: { name: 'now', arguments: text } },
            ],
          },
        },
      ],
    },
  )

export const answerFixtures: readonly AnswerFixture[] = [
  {
    name: 'text',
    call,
    responses: [answer(completion({ content: 'Hello', graph_data: null }, { usage }))],
    expected: { text: 'Hello', finishReason: 'stop', usage: counted },
  },
  {
    name: 'a tool call',
    call,
    responses: [answer(withArguments('{"zone":"UTC"}'))],
    expected: { toolCalls: [{ name: 'now', arguments: '{"zone":"UTC"}' }], finishReason: 'tool_calls' },
  },
  {
    name: 'arguments encoded twice',
    call,
    responses: [answer(withArguments(JSON.stringify('{"zone":"UTC"}')))],
    expected: { toolCalls: [{ name: 'now', arguments: '{"zone":"UTC"}' }] },
  },
  {
    name: 'arguments as Python prints them',
    call,
    responses: [answer(withArguments("{'zone': 'UTC'}"))],
    expected: { toolCalls: [{ name: 'now', arguments: '{"zone":"UTC"}' }] },
  },
  {
    name: 'arguments that are a text',
    call,
    responses: [answer(withArguments('"UTC"'))],
    expected: { toolCalls: [{ name: 'now', arguments: '"UTC"' }] },
  },
  {
    name: 'completions, bare',
    call: completionsCall({ body: { prompt: 'on' } }),
    responses: [answer({ choices: [{ text: ' and on' }], model: 'palmyra-x-003-instruct' })],
    expected: { text: ' and on', finishReason: 'stop', usage: null },
  },
]

const told = (tpe: string, description: string, key = 'fail.bad.request') =>
  JSON.stringify({ tpe, errors: [{ description, key, extras: {} }], extras: {} })
const auth = { code: 'upstream_auth_failed', status: 502 } as const

export const errorFixtures: readonly ErrorFixture[] = [
  {
    name: 'a refusal',
    status: 400,
    body: told('BadRequest', 'temperature must be at most 2'),
    expected: {
      code: 'invalid_request',
      status: 400,
      reason: null,
      message: 'temperature must be at most 2',
      shownCode: 'fail.bad.request',
      type: 'BadRequest',
    },
  },
  {
    name: 'a bad key',
    status: 401,
    body: told('Unauthorized', 'Token invalid', 'fail.unauthorized'),
    expected: { ...auth, reason: 'authentication' },
  },
  {
    name: 'a permission',
    status: 403,
    body: told('Forbidden', 'No access to the application'),
    expected: { ...auth, reason: 'permission' },
  },
  {
    name: 'a model that is not there',
    status: 404,
    body: told('NotFound', 'Model palmyra-x9 not found', 'fail.not.found'),
    expected: { code: 'upstream_error', status: 502, reason: 'model_not_found' },
  },
  {
    name: 'a prompt that is too long',
    status: 400,
    body: told('BadRequest', "This model's maximum context length is 32768 tokens."),
    expected: { code: 'context_length_exceeded', status: 400, reason: null },
  },
  {
    name: 'too many requests',
    status: 429,
    headers: { 'retry-after': '2' },
    body: told('TooManyRequests', 'Request rate limit exceeded', 'fail.rate.limit'),
    expected: { code: 'rate_limit_exceeded', status: 429, reason: 'rate_limit', retryAfterMs: 2000 },
  },
  ...[500, 503, 504].map((status) => ({
    name: `a failure, ${status}`,
    status,
    body: told('ServerError', 'It broke.', 'fail.unknown'),
    expected: { code: 'upstream_error', status: 502, reason: 'provider_down' } as const,
  })),
]
