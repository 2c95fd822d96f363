import type { GatewayError } from '../../core/errors.ts'
import type { FailureReason } from '../../core/failure.ts'
import type { UpstreamFailure } from '../../core/provider.ts'
import { readError as readOpenAIError } from '../openai/read-error.ts'
import { retryHint } from '../openai/retry-hint.ts'
import { asObject, asText, parseObject } from '../shared/json.ts'
import { upstreamError } from '../shared/upstream-error.ts'

const oneDay = 86_400_000

/**
 * Azure's errors are OpenAI's, with two of their own meanings (providers' facts §3.5, §5.3): a 429 that asks to wait
 * for a day is a quota that is too small or spent, and a 401 `PermissionDenied` is a known identity without the role
 * that inference needs. Total.
 */
export function readError(failure: UpstreamFailure): GatewayError {
  const error = readOpenAIError(failure)
  const { reason, upstream } = error
  const message = upstream?.message ?? ''
  const told = (own: FailureReason, wait = error.retryAfterMs) =>
    upstreamError({ status: failure.status, message, reason: own, retryAfterMs: wait })
  if (reason === 'rate_limit') {
    const wait = Math.max(error.retryAfterMs ?? 0, retryHint({ headers: {}, message }) ?? 0)
    return wait >= oneDay ? told('quota', wait) : error
  }
  return reason === 'authentication' && codeOf(failure) === 'permissiondenied' ? told('permission') : error
}

function codeOf({ body }: UpstreamFailure): string | null {
  return asText(asObject(parseObject(body)?.['error'])?.['code'])?.toLowerCase() ?? null
}
