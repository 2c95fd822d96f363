import { describe, expect, it } from 'vitest'
import type { RequestRecord } from '../core/record.ts'
import { messageKey } from './destination.ts'
import { createLog } from './log.ts'
import { createRecorder } from './recorder.ts'
import { collectLines } from './testing/lines.ts'
import { recordOf } from './testing/records.ts'
import { openMetrics, valueOf } from './testing/scrape.ts'

function open() {
  const destination = collectLines()
  const metrics = openMetrics()
  const record = createRecorder({ metrics, log: createLog({ destination, pretty: false }) })
  return { destination, metrics, record }
}

function lineOf(changes: Partial<RequestRecord> = {}): Record<string, unknown> {
  const { destination, record } = open()
  record(recordOf(changes))
  expect(destination.lines).toHaveLength(1)
  return destination.lines[0] ?? {}
}

describe('the line of a request', () => {
  it('has exactly these fields', () => {
    const { time, ...line } = lineOf()
    expect(time).toBeTypeOf('string')
    expect(line).toEqual({
      level: 'info',
      [messageKey]: 'request',
      request_id: 'req_1',
      operation: 'chat',
      method: 'POST',
      path: '/v1/chat/completions',
      principal: 'alice',
      issuer: 'https://issuer.test',
      team: 'research',
      model: 'gpt',
      provider: 'openai',
      connection: 'main',
      stream: true,
      attempts: [
        { model: 'gpt', provider: 'openai', connection: 'main', outcome: 'success', duration_ms: 90 },
      ],
      status: 200,
      outcome: 'success',
      error_code: null,
      timings: { total_ms: 100, auth_ms: 0.5, upstream_ms: 99, first_token_ms: 30 },
      usage: { input: 10, cached_input: 4, cache_write: 1, output: 7, reasoning: 2 },
      upstream_request_id: 'up-1',
    })
  })

  it('has the same fields where nothing is known', () => {
    const nothing = {
      subject: null,
      issuer: null,
      team: null,
      model: null,
      provider: null,
      connection: null,
      attempts: [],
      firstTokenMs: null,
      usage: null,
      upstreamRequestId: null,
    }
    expect(Object.keys(lineOf(nothing))).toEqual(Object.keys(lineOf()))
    expect(lineOf(nothing)).toMatchObject({ principal: null, attempts: [], usage: null })
  })

  it('rounds durations to the microsecond', () => {
    const { timings } = lineOf({ durationMs: 12.3456789, authMs: 0.00049 })
    expect(timings).toMatchObject({ total_ms: 12.346, auth_ms: 0 })
  })

  it.each<[string, Partial<RequestRecord>]>([
    ['info', { status: 404, outcome: 'error', errorCode: 'model_not_found' }],
    ['info', { status: 429, outcome: 'error', errorCode: 'rate_limit_exceeded' }],
    ['info', { status: 499, outcome: 'aborted' }],
    ['info', { status: 200, outcome: 'aborted' }],
    ['warn', { status: 500, outcome: 'error', errorCode: 'internal_error' }],
    ['warn', { status: 503, outcome: 'error', errorCode: 'no_healthy_connection' }],
    ['warn', { status: 200, outcome: 'stream_error', errorCode: 'upstream_error' }],
    ['warn', { status: 200, outcome: 'error', errorCode: 'upstream_timeout' }],
  ])('has level %s for %o', (level, changes) => {
    expect(lineOf(changes)['level']).toBe(level)
  })

  it('shows no token that a client chose for its request id', () => {
    const token = `eyJ${'hbGciOiJub25lIn0'}.eyJzdWIiOiJhIn0.c2ln`
    expect(lineOf({ requestId: token })['request_id']).toBe('[redacted]')
  })
})

describe('the recorder', () => {
  it('counts every request', async () => {
    const { metrics, record, destination } = open()
    for (let index = 0; index < 1000; index++) record(recordOf())
    expect(await valueOf(metrics, 'modelgate_requests_total')).toBe(1000)
    expect(destination.lines).toHaveLength(1000)
  })

  it('fails no request where the log is closed', async () => {
    const metrics = openMetrics()
    const destination = {
      write: () => {
        throw new Error('closed')
      },
    }
    const record = createRecorder({ metrics, log: createLog({ destination, pretty: false }) })
    expect(() => record(recordOf())).not.toThrow()
    expect(await valueOf(metrics, 'modelgate_requests_total')).toBe(1)
  })

  it('writes the line where counting fails, and says so', () => {
    const destination = collectLines()
    const metrics = {
      observeRequest: () => {
        throw new Error('no room')
      },
    }
    createRecorder({ metrics, log: createLog({ destination, pretty: false }) })(recordOf())
    expect(destination.lines.map((line) => line['msg'])).toEqual(['a request was not counted', 'request'])
  })
})
