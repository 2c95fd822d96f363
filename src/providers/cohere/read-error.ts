import type { GatewayError } from '../../core/errors.ts'
import type { FailureReason } from '../../core/failure.ts'
import type { HeaderMap, UpstreamFailure } from '../../core/provider.ts'
import { asText, parseObject } from '../shared/json.ts'
import { answeredAt, httpDate, msUntil, plainNumber, retryAfterMs } from '../shared/retry-after.ts'
import { reasonOfStatus, upstreamError } from '../shared/upstream-error.ts'

/** An answer that is no success, as the gateway's error (providers' facts §10.5). Total: the body may be anything. */
export function readError({ status, headers, body, now }: UpstreamFailure): GatewayError {
  const message = asText(parseObject(body)?.['message'])
  const at = answeredAt(headers) ?? now
  return upstreamError({
    status,
    message,
    reason: reasonOf(status, message ?? ''),
    retryAfterMs: retryAfterMs(headers, at) ?? resetMs(headers, at),
  })
}

function reasonOf(status: number, message: string): FailureReason | null {
  switch (status) {
    case 404:
      if (!/model/i.test(message)) return null
      return /removed|deprecat|retired|no longer/i.test(message) ? 'model_deprecated' : 'model_not_found'
    case 429:
      // What a trial key may ask in a month.
      return /\/\s*month|per month|monthly/i.test(message) ? 'quota' : 'rate_limit'
    case 498:
      // Cohere writes the same status for a text of the client's that is on its deny list.
      return /den(?:y|ied)|block/i.test(message) ? null : 'authentication'
    default:
      return reasonOfStatus(status)
  }
}

/** Below it a number is no date but a wait: 2001 in Unix seconds. */
const firstDate = 1_000_000_000

/** `x-ratelimit-reset`: the time in Unix seconds, as Cohere's own clients read it, a wait in seconds, or a date. */
function resetMs(headers: HeaderMap, now: number | undefined): number | undefined {
  const reset = headers['x-ratelimit-reset']
  const value = plainNumber(reset)
  if (value === undefined) return msUntil(httpDate(reset), now)
  return value < firstDate ? value * 1000 : msUntil(value * 1000, now)
}
