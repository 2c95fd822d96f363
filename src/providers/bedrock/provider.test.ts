import { describe, expect, it } from 'vitest'
import type { FunctionTool } from '../../core/openai.ts'
import type { Call } from '../../core/provider.ts'
import { Secret } from '../../core/secret.ts'
import { providerSuite } from '../contract.suite.ts'
import { asObject } from '../shared/json.ts'
import { embeddingsCall } from '../testing/calls.ts'
import { chatCall, testConnection } from '../testing/chat-call.ts'
import type { RecordedCase } from '../testing/corpus-case.ts'
import { corpusSuite } from '../testing/corpus.suite.ts'
import { encodeEvent, encodeException } from '../testing/encode-event-stream.ts'
import { createBedrock } from './provider.ts'

const provider = createBedrock()
const settings = { aws_region: 'us-east-1' }
const connection = testConnection({
  provider: 'bedrock',
  modelName: 'us.anthropic.claude-sonnet-4-5',
  settings,
})
const messages = [{ role: 'user' as const, content: 'Hi' }]
const tools: FunctionTool[] = [{ type: 'function', function: { name: 'weather' } }]
const call = chatCall({ connection, body: { messages, stream: true } })
const toolCall = chatCall({ connection, body: { messages, tools, stream: true } })
const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 17, cacheReadInputTokens: 2 }
const counted = { input: 12, output: 5, cachedInput: 2, cacheWrite: 0, reasoning: 0 }

const start = encodeEvent('messageStart', { role: 'assistant', p: 'abcd' })
const text = (index: number, part: string) =>
  encodeEvent('contentBlockDelta', { contentBlockIndex: index, delta: { text: part }, p: 'ab' })
const blockStop = (index: number) => encodeEvent('contentBlockStop', { contentBlockIndex: index })
const stop = (stopReason: string) => encodeEvent('messageStop', { stopReason })
const metadata = encodeEvent('metadata', { usage, metrics: { latencyMs: 3 }, p: 'abc' })

const toolStream = Buffer.concat([
  start,
  text(0, 'Let me see.'),
  blockStop(0),
  encodeEvent('contentBlockStart', {
    contentBlockIndex: 1,
    start: { toolUse: { toolUseId: 'tooluse_1', name: 'weather' } },
  }),
  encodeEvent('contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '{"city":' } } }),
  encodeEvent('contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '"Rome"}' } } }),
  blockStop(1),
  encodeEvent('contentBlockStart', {
    contentBlockIndex: 2,
    start: { toolUse: { toolUseId: 'tooluse_2', name: 'weather' } },
  }),
  blockStop(2),
  stop('tool_use'),
  metadata,
])

providerSuite({
  name: 'bedrock',
  provider,
  fixtures: {
    streams: [
      {
        name: 'text',
        call,
        bytes: Buffer.concat([
          start,
          text(0, 'Hé'),
          text(0, 'llo'),
          blockStop(0),
          stop('end_turn'),
          metadata,
        ]),
        expected: { text: 'Héllo', finishReason: 'stop' },
      },
      {
        name: 'tool calls, one without arguments',
        call: toolCall,
        bytes: toolStream,
        expected: {
          text: 'Let me see.',
          toolCalls: [
            { name: 'weather', arguments: '{"city":"Rome"}' },
            { name: 'weather', arguments: '{}' },
          ],
          finishReason: 'tool_calls',
        },
      },
      {
        name: 'signed reasoning',
        call,
        bytes: Buffer.concat([
          start,
          ...[{ text: 'Hm, ' }, { text: 'yes.' }, { signature: 'c2ln' }].map((reasoningContent) =>
            encodeEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent } }),
          ),
          text(1, 'Yes.'),
          stop('max_tokens'),
          metadata,
        ]),
        expected: { text: 'Yes.', reasoning: 'Hm, yes.', finishReason: 'length' },
      },
      {
        name: 'an exception after content',
        call,
        bytes: Buffer.concat([
          start,
          text(0, 'So'),
          encodeException('modelStreamErrorException', { message: 'lost', originalStatusCode: 500 }),
        ]),
        expected: { text: 'So', finishReason: null },
        failure: { code: 'upstream_error', status: 502, reason: 'provider_down' },
      },
    ],
    answers: [
      {
        name: 'text with reasoning',
        call: chatCall({ connection, body: { messages } }),
        responses: [
          answer({
            stopReason: 'end_turn',
            content: [
              { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'c2ln' } } },
              { text: 'Yes.' },
            ],
          }),
        ],
        expected: { text: 'Yes.', reasoning: 'Hm.', finishReason: 'stop', usage: counted },
      },
      {
        name: 'embeddings of a fan-out',
        call: embeddingsCall({
          connection: testConnection({
            provider: 'bedrock',
            modelName: 'amazon.titan-embed-text-v2:0',
            settings,
          }),
          body: { input: ['a', 'b'] },
        }),
        responses: [vector([1, 0], 3), vector([0, 1], 4)],
        expected: { usage: { input: 7, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 } },
      },
    ],
    errors: [
      {
        name: 'throttled',
        status: 429,
        headers: {
          'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/',
        },
        body: '{"message":"Too many requests, please wait before trying again."}',
        expected: { code: 'rate_limit_exceeded', status: 429, reason: 'rate_limit', costly: false },
      },
      {
        name: 'refused',
        status: 400,
        headers: { 'x-amzn-errortype': 'ValidationException' },
        body: '{"message":"The format field must be one of png, jpeg."}',
        expected: {
          code: 'invalid_request',
          status: 400,
          reason: null,
          message: 'The format field must be one of png, jpeg.',
        },
      },
    ],
  },
})

corpusSuite({ provider, file: 'bedrock.jsonl', makeCall: recordedCall })

describe('createBedrock', () => {
  it('signs by keys or role, and by a Bedrock API key where there is one', () => {
    const { credential } = connection
    expect(provider.signer({ ...credential, secrets: {} })).toBe('sigv4')
    const withKey = { ...credential, secrets: { aws_bearer_token: new Secret('key') } }
    expect(provider.signer(withKey)).toBe('bearer')
  })

  it('asks the least of a model that there is to ask', () => {
    expect(provider.probe(connection)).toMatchObject({ operation: 'chat', body: { max_tokens: 1 } })
    expect(provider.probe({ ...connection, kind: 'embedding' })).toMatchObject({
      operation: 'embeddings',
      body: { input: 'ping' },
    })
  })
})

function answer({ content, stopReason }: { content: unknown; stopReason: string }) {
  const body = { output: { message: { role: 'assistant', content } }, stopReason, usage, metrics: {} }
  const headers = { 'content-type': 'application/json', 'x-amzn-requestid': 'req-1' }
  return { status: 200, headers, body: Buffer.from(JSON.stringify(body)) }
}

function vector(embedding: readonly number[], tokens: number) {
  const headers = { 'x-amzn-bedrock-input-token-count': String(tokens) }
  return {
    status: 200,
    headers,
    body: Buffer.from(JSON.stringify({ embedding, inputTextTokenCount: tokens })),
  }
}

/** The OpenAI call that such an answer could be the answer to: only what decides how it is read. */
function recordedCall(recorded: RecordedCase): Call {
  const own = testConnection({ provider: 'bedrock', modelName: recorded.model ?? 'test', settings })
  if (recorded.operation === 'embeddings') {
    const texts = recorded.request.body?.['texts']
    return embeddingsCall({
      connection: own,
      body: { input: Array.isArray(texts) ? (texts as string[]) : 'one' },
    })
  }
  const { stream } = recorded
  const offered = asObject(recorded.request.body?.['toolConfig'])?.['tools']
  const names = (Array.isArray(offered) ? offered : []).map(
    (tool) => asObject(asObject(tool)?.['toolSpec'])?.['name'],
  )
  const functions = names.flatMap((name): FunctionTool[] =>
    typeof name === 'string' ? [{ type: 'function', function: { name } }] : [],
  )
  const body = functions.length === 0 ? { messages, stream } : { messages, stream, tools: functions }
  return chatCall({ connection: own, body })
}
