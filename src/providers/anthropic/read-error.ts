import type { GatewayError } from '../../core/errors.ts'
import type { FailureReason } from '../../core/failure.ts'
import type { HeaderMap, UpstreamFailure } from '../../core/provider.ts'
import { asObject, asText, type JsonObject, parseObject } from '../shared/json.ts'
import { answeredAt, retryAfterMs } from '../shared/retry-after.ts'
import { reasonOfStatus, upstreamError } from '../shared/upstream-error.ts'
import { usedUpMs } from './rate-limits.ts'

/** What each `error.type` means, for errors in a stream, which have no status (providers' facts §6.7). */
const statuses: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
}

/** Limits that only a person can lift; `ramp_limit_exceeded` is none of them, it passes. */
const spendLimits = new Set(['enforced_spend_limit_reached', 'contract_spend_limit_reached'])

/** An answer that is no success, as the gateway's error. Total: the body may be anything. */
export function readError({ status, headers, body, now }: UpstreamFailure): GatewayError {
  return classify({ body: parseObject(body), status, headers, now })
}

/** An `error` event, or an error object where an answer should be: its status is what its type means. */
export function readErrorObject(body: JsonObject, headers: HeaderMap = {}): GatewayError {
  const type = asObject(body['error'])?.['type']
  const isKnown = typeof type === 'string' && Object.hasOwn(statuses, type)
  return classify({ body, status: isKnown ? (statuses[type] as number) : 500, headers, inStream: true })
}

interface Failure {
  readonly body: JsonObject | null
  readonly status: number
  readonly headers: HeaderMap
  readonly now?: number | undefined
  readonly inStream?: boolean
}

function classify({ body, status, headers, now, inStream = false }: Failure): GatewayError {
  const error = asObject(body?.['error'])
  const message = asText(error?.['message'])
  const reason = reasonOf(error, message ?? '', status)
  const at = answeredAt(headers) ?? now
  return upstreamError({
    status,
    message,
    reason,
    inStream,
    retryAfterMs: retryAfterMs(headers, at) ?? (reason === 'rate_limit' ? usedUpMs(headers, at) : undefined),
  })
}

function reasonOf(error: JsonObject | null, message: string, status: number): FailureReason | null {
  const type = error?.['type']
  const detail = asObject(error?.['details'])?.['error_code']
  if (typeof detail === 'string' && spendLimits.has(detail)) return 'quota'
  // An empty balance and a reached usage limit are written as refusals of the request.
  if (status === 400 && /credit balance is too low|reached your specified api usage limits/i.test(message)) {
    return 'quota'
  }
  if (status === 404 && type === 'not_found_error' && /model/i.test(message)) {
    return /deprecat|retired|end[ -]of[ -]life/i.test(message) ? 'model_deprecated' : 'model_not_found'
  }
  return reasonOfStatus(status)
}
