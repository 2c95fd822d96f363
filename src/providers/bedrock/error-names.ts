import type { FailureReason } from '../../core/failure.ts'
import type { HeaderMap } from '../../core/provider.ts'
import { asObject, asText, type JsonObject } from '../shared/json.ts'

export interface BedrockError {
  /** What the name means over HTTP; for errors inside a stream, which have no status of their own. */
  readonly status: number
  /** null: the request's own fault, so far as its words do not say otherwise. */
  readonly reason: FailureReason | null
}

/** Every error of the runtime and of AWS's front door (Bedrock API reference, "Errors" and "Common error types"). */
const errors: Readonly<Record<string, BedrockError>> = {
  AccessDenied: { status: 403, reason: 'permission' },
  UnrecognizedClient: { status: 403, reason: 'authentication' },
  InvalidClientTokenId: { status: 403, reason: 'authentication' },
  InvalidSignature: { status: 403, reason: 'authentication' },
  SignatureDoesNotMatch: { status: 403, reason: 'authentication' },
  IncompleteSignature: { status: 403, reason: 'authentication' },
  ExpiredToken: { status: 403, reason: 'authentication' },
  RequestExpired: { status: 403, reason: 'authentication' },
  InvalidIdentityToken: { status: 403, reason: 'authentication' },
  MissingAuthenticationToken: { status: 403, reason: 'authentication' },
  Validation: { status: 400, reason: null },
  ResourceNotFound: { status: 404, reason: 'model_not_found' },
  Throttling: { status: 429, reason: 'rate_limit' },
  TooManyRequests: { status: 429, reason: 'rate_limit' },
  ModelNotReady: { status: 429, reason: 'rate_limit' },
  ServiceQuotaExceeded: { status: 400, reason: 'quota' },
  ModelTimeout: { status: 408, reason: 'provider_down' },
  ModelError: { status: 424, reason: 'provider_down' },
  ModelStreamError: { status: 424, reason: 'provider_down' },
  ServiceUnavailable: { status: 503, reason: 'provider_down' },
  InternalServer: { status: 500, reason: 'provider_down' },
  InternalFailure: { status: 500, reason: 'provider_down' },
  Conflict: { status: 409, reason: 'provider_down' },
  // The path was none of Bedrock's: the endpoint is something else, or a proxy changed the path.
  UnknownOperation: { status: 404, reason: 'provider_down' },
}

/** By its name in any of its spellings: `ThrottlingException`, in a stream `throttlingException`. null: not known. */
export function namedError(name: string | null): BedrockError | null {
  const plain = (name ?? '').replace(/(Exception|Error)?$/, '')
  const upper = plain.charAt(0).toUpperCase() + plain.slice(1)
  const found = [upper, `${upper}Error`].find((candidate) => Object.hasOwn(errors, candidate))
  return found === undefined ? null : (errors[found] ?? null)
}

/**
 * The name of an error: `x-amzn-errortype` (`ValidationException:http://…`), else `__type` or `code` of the body, also
 * where the front door wraps it in `Output`. A namespace before `#` is left out.
 */
export function errorName(headers: HeaderMap, body: JsonObject | null): string | null {
  const inner = asObject(body?.['Output'])
  const named =
    asText(headers['x-amzn-errortype']) ??
    asText(body?.['__type']) ??
    asText(inner?.['__type']) ??
    asText(body?.['code'])
  const [first = ''] = (named ?? '').split(',')
  return first.split(':')[0]?.split('#').at(-1)?.trim() || null
}

/** `message`, in the spellings there are. A failing model's own words stand in `originalMessage`. */
export function errorMessage(body: JsonObject | null): string | null {
  return asText(body?.['message']) ?? asText(body?.['Message']) ?? asText(body?.['originalMessage'])
}
