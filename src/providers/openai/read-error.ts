import { GatewayError, type GatewayErrorOptions } from '../../core/errors.ts'
import type { HeaderMap, UpstreamFailure } from '../../core/provider.ts'
import { parseJson } from '../shared/json.ts'
import { scrub } from '../shared/scrub.ts'
import { classifyError, impliedStatus, type ErrorKind } from './classify-error.ts'
import { readErrorShape, type ErrorShape } from './error-shape.ts'
import { retryHint } from './retry-hint.ts'

/**
 * Classifies an answer that is no success, of any OpenAI-shaped upstream. A refusal of the request keeps its status,
 * code and message, secrets removed; everything else is told in the gateway's own words, with what the provider said
 * in `upstream`. Total over any bytes.
 */
export function readError({ status, headers, body, now }: UpstreamFailure): GatewayError {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const parsed = parseJson(text)
  const shape = readErrorShape(parsed) ?? plainText(text)
  return toGatewayError({ status, stated: status, shape, headers, now })
}

export interface StreamErrorOptions {
  readonly headers?: HeaderMap
  /** Of the answer that the error is all of; left out inside a stream. */
  readonly status?: number
  readonly now?: number | undefined
}

/**
 * Classifies an error that came with a 200: an event of a stream, or a whole answer. Its status is the one its body
 * states or its code implies (providers' facts §2.5). `value` is parsed JSON, or the text where it is none. Total.
 */
export function readStreamError(value: unknown, options: StreamErrorOptions = {}): GatewayError {
  const { headers = {}, status: stated = null, now } = options
  const shape = typeof value === 'string' ? plainText(value) : readErrorShape(value)
  return toGatewayError({ status: impliedStatus(shape), stated, shape, headers, now })
}

/** Short text is a message; a page of HTML tells nobody anything. */
function plainText(text: string): ErrorShape | null {
  const message = text.trim()
  if (message === '' || message.length > 500 || /^[<[{]/.test(message)) return null
  return { message, code: null, type: null, param: null, status: null }
}

interface Failure {
  readonly status: number
  readonly stated: number | null
  readonly shape: ErrorShape | null
  readonly headers: HeaderMap
  readonly now: number | undefined
}

function toGatewayError({ status, stated, shape, headers, now }: Failure): GatewayError {
  const said = scrub(shape?.message ?? '')
  const [code, type, param] = [shape?.code, shape?.type, shape?.param].map((word) =>
    word ? scrub(word) : null,
  )
  const waitMs = retryHint({ headers, message: said, now })
  const shared: GatewayErrorOptions = {
    upstream: { status: stated, message: said },
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  }
  return byKind[classifyError(status, shape)]({
    status,
    said,
    code: code ?? null,
    type: type ?? null,
    param: param ?? null,
    shared,
  })
}

/** Secrets removed. */
interface Words {
  readonly status: number
  readonly said: string
  readonly code: string | null
  readonly type: string | null
  readonly param: string | null
  readonly shared: GatewayErrorOptions
}

/** The error table's row for each kind. `costly: false`: refused at the door, nothing can have been generated. */
const byKind: Readonly<Record<ErrorKind, (words: Words) => GatewayError>> = {
  context_length: ({ said, param, shared }) =>
    new GatewayError('context_length_exceeded', said || 'The request is longer than the model allows.', {
      ...shared,
      param,
    }),
  content_policy: ({ said, code, param, shared }) =>
    new GatewayError('invalid_request', said || 'The provider refused the request for its content.', {
      ...shared,
      param,
      upstreamCode: code ?? 'content_policy_violation',
    }),
  refused: ({ status, said, code, type, param, shared }) =>
    new GatewayError(
      status === 413 ? 'request_too_large' : 'invalid_request',
      said || `The provider refused the request (${status}).`,
      { ...shared, status, param, upstreamCode: code, upstreamType: type ?? 'invalid_request_error' },
    ),
  authentication: ({ shared }) =>
    new GatewayError('upstream_auth_failed', "The provider did not accept the gateway's credential.", {
      ...shared,
      reason: 'authentication',
      costly: false,
    }),
  permission: ({ shared }) =>
    new GatewayError(
      'upstream_auth_failed',
      "The gateway's credential may not use this model at the provider.",
      {
        ...shared,
        reason: 'permission',
        costly: false,
      },
    ),
  region: ({ shared }) =>
    new GatewayError(
      'upstream_auth_failed',
      'The provider does not serve the place the gateway calls from.',
      {
        ...shared,
        reason: 'region',
        costly: false,
      },
    ),
  quota: ({ shared }) =>
    new GatewayError('rate_limit_exceeded', "The gateway's quota at the provider is used up.", {
      ...shared,
      reason: 'quota',
      costly: false,
    }),
  rate_limit: ({ shared }) =>
    new GatewayError('rate_limit_exceeded', "The gateway's rate limit at the provider is reached.", {
      ...shared,
      reason: 'rate_limit',
      costly: false,
    }),
  model_deprecated: ({ shared }) =>
    new GatewayError('upstream_error', 'The provider no longer serves the model behind this connection.', {
      ...shared,
      reason: 'model_deprecated',
      costly: false,
    }),
  model_not_found: ({ shared }) =>
    new GatewayError('upstream_error', 'The provider does not know the model behind this connection.', {
      ...shared,
      reason: 'model_not_found',
      costly: false,
    }),
  provider_down: ({ status, said, shared }) =>
    new GatewayError('upstream_error', `The provider failed (${status})${said === '' ? '.' : `: ${said}`}`, {
      ...shared,
      reason: 'provider_down',
    }),
}
