import { Counter, type Registry } from 'prom-client'
import { failureReasons } from '../core/failure.ts'
import type { AttemptRecord, RequestRecord } from '../core/record.ts'

/** Counts what went wrong on a request's way (design §10): failovers, streams that broke off, clients that left. */
export function createIncidentMetrics(registry: Registry): { observe(record: RequestRecord): void } {
  const registers = [registry]
  const failovers = new Counter({
    name: 'modelgate_failovers_total',
    help: 'Attempts after which another connection was tried, by what the attempt came to.',
    labelNames: ['reason'],
    registers,
  })
  const streamErrors = new Counter({
    name: 'modelgate_stream_errors_total',
    help: 'Answers that had begun with status 200 and ended with an error, by what the last attempt came to.',
    labelNames: ['reason'],
    registers,
  })
  const aborts = new Counter({
    name: 'modelgate_client_aborts_total',
    help: 'Requests whose client left before the end of the answer.',
    registers,
  })
  // At 0 from the start, so that the first of its kind shows as an increase.
  for (const reason of failureReasons) {
    failovers.inc({ reason }, 0)
    streamErrors.inc({ reason }, 0)
  }

  return {
    observe: (record) => {
      if (record.attempts.length > 1) {
        for (const reason of failoverReasons(record.attempts)) failovers.inc({ reason })
      }
      if (isBrokenStream(record)) streamErrors.inc({ reason: breakReason(record) })
      if (record.outcome === 'aborted') aborts.inc()
    },
  }
}

/** A second try on the same connection is no failover. */
function failoverReasons(attempts: readonly AttemptRecord[]): string[] {
  return attempts.slice(0, -1).flatMap(({ provider, connection, model, outcome }, index) => {
    const next = attempts[index + 1] as AttemptRecord
    const isSame = next.connection === connection && next.provider === provider && next.model === model
    return isSame ? [] : [outcome]
  })
}

/** Also where the 200 went out for the upstream's long silence, before there was any content. */
export function isBrokenStream({ outcome, status }: RequestRecord): boolean {
  return outcome === 'stream_error' || (outcome === 'error' && status < 400)
}

function breakReason({ attempts, errorCode }: RequestRecord): string {
  const last = attempts.at(-1)?.outcome
  return last === undefined || last === 'success' ? (errorCode ?? 'unknown') : last
}
