import type { GatewayError } from '../../core/errors.ts'
import type { FailureReason } from '../../core/failure.ts'
import type { HeaderMap, UpstreamFailure } from '../../core/provider.ts'
import { readError as readAnthropicError } from '../anthropic/read-error.ts'
import { asObject, asText, type JsonObject, parseJson } from '../shared/json.ts'
import { answeredAt, retryAfterMs } from '../shared/retry-after.ts'
import { reasonOfStatus, upstreamError } from '../shared/upstream-error.ts'
import { details, quotaIds, retryDelayMs, type Detail } from './error-details.ts'

/** What each `error.status` means, for errors that came with a 200 (providers' facts §8.6). */
const statuses: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNKNOWN: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
}

/** `ErrorInfo.reason`, where it says more than the status does. */
const infos: Readonly<Record<string, FailureReason>> = {
  API_KEY_INVALID: 'authentication',
  API_KEY_EXPIRED: 'authentication',
  ACCESS_TOKEN_EXPIRED: 'authentication',
  ACCESS_TOKEN_TYPE_UNSUPPORTED: 'authentication',
  CREDENTIALS_MISSING: 'authentication',
  ACCOUNT_STATE_INVALID: 'authentication',
  API_KEY_SERVICE_BLOCKED: 'permission',
  API_KEY_HTTP_REFERRER_BLOCKED: 'permission',
  API_KEY_IP_ADDRESS_BLOCKED: 'permission',
  IAM_PERMISSION_DENIED: 'permission',
  SERVICE_DISABLED: 'permission',
  CONSUMER_INVALID: 'permission',
  CONSUMER_SUSPENDED: 'permission',
  BILLING_DISABLED: 'quota',
}

/** Where a quota is by the minute and no time is named. */
const minuteMs = 60_000

/** An answer that is no success, as the gateway's error: Google's, or Anthropic's for Claude on Vertex AI. Total. */
export function readError(failure: UpstreamFailure): GatewayError {
  const { status, headers, body, now } = failure
  const parsed = unwrap(parseJson(Buffer.from(body).toString('utf8')))
  if (parsed?.['type'] === 'error') return readAnthropicError(failure)
  return classify({ error: asObject(parsed?.['error']), status, headers, now })
}

/** An error object where an answer, or a part of a stream, should be. */
export function readErrorObject(answer: JsonObject, headers: HeaderMap = {}): GatewayError {
  const error = asObject(answer['error'])
  const named = error?.['status']
  const code = error?.['code']
  const known = typeof named === 'string' && Object.hasOwn(statuses, named) ? statuses[named] : undefined
  const isStatus = typeof code === 'number' && Number.isInteger(code) && code >= 400 && code <= 599
  return classify({ error, status: known ?? (isStatus ? code : 500), headers, inStream: true })
}

/** Some answers stand in an array of one (providers' facts §9.3). */
export function unwrap(value: unknown): JsonObject | null {
  return asObject(Array.isArray(value) ? value[0] : value)
}

interface Failure {
  readonly error: JsonObject | null
  readonly status: number
  readonly headers: HeaderMap
  readonly now?: number | undefined
  readonly inStream?: boolean
}

function classify({ error, status, headers, now, inStream = false }: Failure): GatewayError {
  const message = asText(error?.['message'])
  const told = details(error)
  const reason = reasonOf(status, message ?? '', told)
  return upstreamError({
    status,
    message,
    reason,
    inStream,
    retryAfterMs:
      retryAfterMs(headers, answeredAt(headers) ?? now) ??
      retryDelayMs(told, message ?? '') ??
      (reason === 'rate_limit' && isPerMinute(told) ? minuteMs : undefined),
  })
}

function reasonOf(status: number, message: string, told: readonly Detail[]): FailureReason | null {
  for (const { reason } of told) {
    if (reason !== null && Object.hasOwn(infos, reason)) return infos[reason] as FailureReason
  }
  // Keys were refused so before there were details.
  if (status === 400 && /^api key (?:not valid|expired)/i.test(message)) return 'authentication'
  if (status === 400 && /user location is not supported/i.test(message)) return 'region'
  // A limit of 0: the account has none of this at all.
  if (status === 429 && (quotaIds(told).some((id) => /per_?day/i.test(id)) || /\blimit: 0\b/.test(message))) {
    return 'quota'
  }
  if (status === 404 && isModel(message)) {
    return /deprecat|retired|no longer available|shut down/i.test(message)
      ? 'model_deprecated'
      : 'model_not_found'
  }
  return reasonOfStatus(status)
}

function isModel(message: string): boolean {
  return /\bmodels?\b|endpoint/i.test(message)
}

function isPerMinute(told: readonly Detail[]): boolean {
  return quotaIds(told).some((id) => /per_?minute/i.test(id))
}
