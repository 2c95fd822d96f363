import type { RequestRecord } from '../core/record.ts'
import { isBrokenStream } from './incident-metrics.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { createRequestLine } from './request-line.ts'

export interface RecorderOptions {
  readonly metrics: Pick<Metrics, 'observeRequest'>
  readonly log: Pick<Log, 'error' | 'known'>
}

/** Takes each request once, at its end: counts it and writes its line, without sampling. Never throws. */
export function createRecorder({ metrics, log }: RecorderOptions): (record: RequestRecord) => void {
  const printed = createRequestLine()
  return (record) => {
    try {
      metrics.observeRequest(record)
    } catch (error) {
      log.error('a request was not counted', { request_id: record.requestId, error })
    }
    const isFault = record.status >= 500 || isBrokenStream(record)
    log.known[isFault ? 'warn' : 'info']('request', printed(record))
  }
}
