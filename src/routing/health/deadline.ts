import { abortable } from '../../core/cancellation.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Schedule } from '../shared/timers.ts'

export interface DeadlineOptions {
  readonly ms: number
  /** The caller's own reason to give up. */
  readonly signal: AbortSignal
  readonly schedule: Schedule
}

/**
 * Does work that is given up after `ms`, or as the caller's signal says: at once, even where the work itself does not
 * listen. Rejects as the work does, with the signal's reason, or with GatewayError `upstream_timeout` (reason timeout).
 */
export async function withDeadline<Result>(
  { ms, signal, schedule }: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted()
  const stop = new AbortController()
  const onAbort = () => stop.abort(signal.reason)
  signal.addEventListener('abort', onAbort)
  const cancel = schedule(ms, () => stop.abort(timeoutAfter(ms)))
  try {
    return await abortable(work(stop.signal), stop.signal)
  } finally {
    cancel()
    signal.removeEventListener('abort', onAbort)
  }
}

function timeoutAfter(ms: number): GatewayError {
  return new GatewayError('upstream_timeout', `The upstream gave no whole answer within ${ms / 1000} s.`, {
    reason: 'timeout',
  })
}
