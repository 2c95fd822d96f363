import type { RequestRecord } from '../core/record.ts'
import type { Usage } from '../core/usage.ts'
import { isBrokenStream } from './incident-metrics.ts'
import type { Log, LogFields } from './log.ts'
import type { Metrics } from './metrics.ts'
import { scrub } from './scrub.ts'

export interface RecorderOptions {
  readonly metrics: Pick<Metrics, 'observeRequest'>
  readonly log: Pick<Log, 'error' | 'known'>
}

/** Takes each request once, at its end: counts it and writes its line, without sampling. Never throws. */
export function createRecorder({ metrics, log }: RecorderOptions): (record: RequestRecord) => void {
  return (record) => {
    try {
      metrics.observeRequest(record)
    } catch (error) {
      log.error('a request was not counted', { request_id: record.requestId, error })
    }
    const isFault = record.status >= 500 || isBrokenStream(record)
    log.known[isFault ? 'warn' : 'info']('request', requestFields(record))
  }
}

/** What the log tells of a request (design §10). Durations are ms. Words from outside are scrubbed. */
function requestFields(record: RequestRecord): LogFields {
  return {
    request_id: scrub(record.requestId),
    operation: record.operation,
    method: record.method,
    path: record.path,
    principal: record.subject === null ? null : scrub(record.subject),
    issuer: record.issuer,
    team: record.team,
    model: record.model,
    provider: record.provider,
    connection: record.connection,
    stream: record.stream,
    attempts: record.attempts.map(({ model, provider, connection, outcome, durationMs }) => ({
      model,
      provider,
      connection,
      outcome,
      duration_ms: rounded(durationMs),
    })),
    status: record.status,
    outcome: record.outcome,
    error_code: record.errorCode,
    timings: {
      total_ms: rounded(record.durationMs),
      auth_ms: rounded(record.authMs),
      upstream_ms: rounded(record.upstreamMs),
      first_token_ms: record.firstTokenMs === null ? null : rounded(record.firstTokenMs),
    },
    usage: record.usage === null ? null : usageFields(record.usage),
    upstream_request_id: record.upstreamRequestId === null ? null : scrub(record.upstreamRequestId),
  }
}

/** As OpenAI counts: cached tokens are part of the input, reasoning is part of the output. */
function usageFields({ input, cachedInput, cacheWrite, output, reasoning }: Usage): LogFields {
  return { input, cached_input: cachedInput, cache_write: cacheWrite, output, reasoning }
}

function rounded(durationMs: number): number {
  return Math.round(durationMs * 1000) / 1000
}
