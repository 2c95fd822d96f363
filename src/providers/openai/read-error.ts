import { GatewayError, type GatewayErrorOptions } from '../../core/errors.ts'
import type { HeaderMap, UpstreamFailure } from '../../core/provider.ts'
import { parseJson } from '../shared/json.ts'
import { scrub } from '../shared/scrub.ts'
import { upstreamError } from '../shared/upstream-error.ts'
import { classifyError, impliedStatus } from './classify-error.ts'
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
  const message = shape?.message ?? null
  const wait = retryHint({ headers, message: message ?? '', now })
  const kind = classifyError(status, shape)
  if (kind === 'context_length' || kind === 'content_policy' || kind === 'refused') {
    const said = scrub(message ?? '')
    const upstream = { status: stated, message: said }
    const shared = wait === undefined ? { upstream } : { upstream, retryAfterMs: wait }
    return refusals[kind]({ status, said, shared, ...scrubbed(shape) })
  }
  const inStream = stated !== status
  return upstreamError({ status, message, reason: kind, retryAfterMs: wait, inStream })
}

interface Refusal {
  readonly status: number
  readonly said: string
  readonly code: string | null
  readonly type: string | null
  readonly param: string | null
  readonly shared: GatewayErrorOptions
}

/** The request's own fault, in the provider's words and codes, secrets removed. */
const refusals = {
  context_length: ({ said, param, shared }: Refusal) =>
    new GatewayError('context_length_exceeded', said || 'The request is longer than the model allows.', {
      ...shared,
      param,
    }),
  content_policy: ({ said, code, param, shared }: Refusal) =>
    new GatewayError('invalid_request', said || 'The provider refused the request for its content.', {
      ...shared,
      param,
      upstreamCode: code ?? 'content_policy_violation',
    }),
  refused: ({ status, said, code, type, param, shared }: Refusal) =>
    new GatewayError(
      status === 413 ? 'request_too_large' : 'invalid_request',
      said || `The provider refused the request (${status}).`,
      { ...shared, status, param, upstreamCode: code, upstreamType: type ?? 'invalid_request_error' },
    ),
}

function scrubbed(shape: ErrorShape | null): Pick<Refusal, 'code' | 'type' | 'param'> {
  const clean = (word: string | null | undefined) => (word ? scrub(word) : null)
  return { code: clean(shape?.code), type: clean(shape?.type), param: clean(shape?.param) }
}
