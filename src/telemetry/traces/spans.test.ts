import { describe, expect, it } from 'vitest'
import type { RequestRecord } from '../../core/record.ts'
import { spansOf } from './spans.ts'

const record: RequestRecord = {
  requestId: 'req_1',
  isOwnId: true,
  operation: 'chat',
  method: 'POST',
  path: '/v1/chat/completions',
  subject: 'someone',
  issuer: 'issuer',
  team: 'research',
  model: 'gpt',
  provider: 'bedrock',
  connection: 'second',
  stream: true,
  attempts: [
    {
      model: 'gpt',
      provider: 'openai',
      connection: 'first',
      outcome: 'rate_limit',
      durationMs: 10,
      span: { spanId: '1'.repeat(16), offsetMs: 1.5, modelName: 'gpt-4o' },
    },
    {
      model: 'gpt',
      provider: 'bedrock',
      connection: 'second',
      outcome: 'success',
      durationMs: 20,
      span: { spanId: '2'.repeat(16), offsetMs: 12, modelName: 'claude' },
    },
  ],
  status: 200,
  errorCode: null,
  outcome: 'success',
  durationMs: 33.25,
  authMs: 1,
  upstreamMs: 30,
  firstTokenMs: 20,
  usage: { input: 7, cachedInput: 0, cacheWrite: 0, output: 3, reasoning: 0 },
  upstreamRequestId: null,
  trace: {
    context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentId: 'c'.repeat(16), sampled: true },
    startedAt: 1_800_000_000_000.5,
  },
}

function attributesOf(span: ReturnType<typeof spansOf>[number] | undefined) {
  return Object.fromEntries(span?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]) ?? [])
}

describe('the spans of a request', () => {
  it('are its own and one for each attempt below it', () => {
    const [request, first, second] = spansOf(record)
    expect(request).toMatchObject({
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      parentSpanId: 'c'.repeat(16),
      name: 'POST /v1/chat/completions',
      kind: 2,
      startTimeUnixNano: '1800000000000500000',
      endTimeUnixNano: '1800000000033750000',
      status: { code: 0 },
    })
    expect(first).toMatchObject({
      parentSpanId: 'b'.repeat(16),
      name: 'chat gpt-4o',
      kind: 3,
      startTimeUnixNano: '1800000000002000000',
      status: { code: 2, message: 'rate_limit' },
    })
    expect(second).toMatchObject({ name: 'chat claude', status: { code: 0 } })
  })

  it('carry the attributes of the GenAI conventions', () => {
    const [request, first, second] = spansOf(record).map(attributesOf)
    expect(request).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v1/chat/completions',
      'http.response.status_code': '200',
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'gpt',
      'modelgate.request_id': 'req_1',
      'modelgate.team': 'research',
      'modelgate.stream': true,
      'gen_ai.usage.input_tokens': '7',
      'gen_ai.usage.output_tokens': '3',
    })
    expect(first).toMatchObject({ 'gen_ai.provider.name': 'openai', 'error.type': 'rate_limit' })
    expect(first).not.toHaveProperty(['gen_ai.usage.input_tokens'])
    expect(second).toMatchObject({
      'gen_ai.provider.name': 'aws.bedrock',
      'gen_ai.request.model': 'claude',
      'gen_ai.usage.output_tokens': '3',
    })
  })

  it('are none where the trace is not kept', () => {
    expect(spansOf({ ...record, trace: null })).toEqual([])
    const { trace } = record
    const context = { ...trace!.context, sampled: false }
    expect(spansOf({ ...record, trace: { ...trace!, context } })).toEqual([])
  })

  it('blame the gateway for its failures, and nobody for a client that was wrong', () => {
    const failed = spansOf({ ...record, status: 502, outcome: 'error', errorCode: 'upstream_error' })[0]
    expect(failed?.status).toEqual({ code: 2, message: 'upstream_error' })
    const refused = spansOf({ ...record, status: 404, outcome: 'error', errorCode: 'model_not_found' })[0]
    expect(refused?.status).toEqual({ code: 0 })
    expect(attributesOf(refused)['error.type']).toBe('model_not_found')
  })
})
