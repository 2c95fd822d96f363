import type { GatewayError } from '../../core/errors.ts'
import type { UpstreamFailure } from '../../core/provider.ts'
import { parseObject } from '../shared/json.ts'
import { answeredAt, retryAfterMs } from '../shared/retry-after.ts'
import { upstreamError } from '../shared/upstream-error.ts'
import { wordsOf } from './read-values.ts'

/** By the status alone, with the message where APIs commonly put it: expressions would have to be waited for. Total. */
export function readError({ status, headers, body, now }: UpstreamFailure): GatewayError {
  return upstreamError({
    status: status >= 400 ? status : 502,
    message: wordsOf(parseObject(body) ?? undefined),
    retryAfterMs: retryAfterMs(headers, answeredAt(headers) ?? now),
  })
}
