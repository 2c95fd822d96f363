import type { Connection } from '../../core/entities.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { FailureReason } from '../../core/failure.ts'
import type { UpstreamFailure, WireEvent } from '../../core/provider.ts'
import { isContextOverflow } from '../shared/context-overflow.ts'
import { parseObject } from '../shared/json.ts'
import { answeredAt, retryAfterMs } from '../shared/retry-after.ts'
import { upstreamError } from '../shared/upstream-error.ts'
import { errorMessage, errorName, namedError } from './error-names.ts'
import { profileHint } from './profile-hint.ts'

/**
 * Classifies an answer of Bedrock that is no success (providers' facts §7.9): by the error's name, then by its words,
 * then by its status. Pure and total.
 */
export function readError({ status, headers, body, connection, now }: UpstreamFailure): GatewayError {
  const parsed = parseObject(body)
  const named = namedError(errorName(headers, parsed))
  const message = errorMessage(parsed)
  const reason = reasonOf(named?.reason, message)
  return upstreamError({
    // An error that came with a 200 has the status its name means.
    status: status >= 400 ? status : (named?.status ?? 502),
    message: withHint(message, reason, connection),
    ...(reason === undefined ? {} : { reason }),
    retryAfterMs: retryAfterMs(headers, answeredAt(headers) ?? now),
  })
}

/** The same for an exception inside a stream, which began with a 200. */
export function readStreamError({ type, data }: WireEvent, connection: Connection): GatewayError {
  const body = parseObject(data)
  const named = namedError(type)
  const message = errorMessage(body)
  const reason = reasonOf(named?.reason, message) ?? (named === null ? 'provider_down' : null)
  return upstreamError({
    status: named?.status ?? 500,
    inStream: true,
    message: withHint(message, reason, connection),
    reason,
  })
}

interface Wording {
  readonly pattern: RegExp
  readonly reason: FailureReason
  /** The reasons of names under which Bedrock says it; null for the request's own fault, undefined for no name. */
  readonly under: readonly (FailureReason | null | undefined)[]
}

/** Where Bedrock puts several meanings under one name. First match wins. */
const wordings: readonly Wording[] = [
  {
    pattern: /^authentication failed|^bearer token|api key (is|has)|security token .{0,40}(invalid|expired)/i,
    reason: 'authentication',
    under: ['permission', undefined],
  },
  { pattern: /\b(per|this|a) day\b|\bdaily\b/i, reason: 'quota', under: ['rate_limit', undefined] },
  {
    pattern: /end of (its|their) life|\blegacy\b|deprecated|no longer (available|supported)/i,
    reason: 'model_deprecated',
    under: ['model_not_found'],
  },
  {
    pattern: /^invocation of model id .{0,300}on-demand throughput/i,
    reason: 'model_not_found',
    under: [null, undefined],
  },
  {
    pattern: /^the provided model identifier is invalid|^this model version has reached the end of its life/i,
    reason: 'model_not_found',
    under: [null, undefined],
  },
  {
    pattern:
      /^.{0,200}model.{0,100}(not|n't) (available|supported|offered) in (this|your|the) .{0,40}region/i,
    reason: 'region',
    under: [null, undefined, 'model_not_found', 'permission'],
  },
  { pattern: /^operation not allowed/i, reason: 'permission', under: [null, undefined] },
]

/** undefined: neither name nor words say anything, so the status decides. */
function reasonOf(
  named: FailureReason | null | undefined,
  message: string | null,
): FailureReason | null | undefined {
  if (message === null || (!named && isContextOverflow(message))) return named
  const wording = wordings.find(({ pattern, under }) => under.includes(named) && pattern.test(message))
  return wording?.reason ?? named
}

/** Models that are only called through an inference profile: the error says which. */
function withHint(
  message: string | null,
  reason: FailureReason | null | undefined,
  connection: Connection,
): string | null {
  if (message === null || reason !== 'model_not_found' || !/on-demand throughput/i.test(message))
    return message
  return `${message} ${profileHint(connection)}`
}
