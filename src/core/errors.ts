import type { FailureReason } from './failure.ts'

/** The error table of design §4: every code the data plane answers, its status and OpenAI's `type`. */
const table = {
  invalid_json: { status: 400, type: 'invalid_request_error' },
  invalid_request: { status: 400, type: 'invalid_request_error' },
  unsupported_parameter: { status: 400, type: 'invalid_request_error' },
  unsupported_operation: { status: 400, type: 'invalid_request_error' },
  context_length_exceeded: { status: 400, type: 'invalid_request_error' },
  missing_api_key: { status: 401, type: 'invalid_request_error' },
  invalid_api_key: { status: 401, type: 'invalid_request_error' },
  token_expired: { status: 401, type: 'invalid_request_error' },
  team_not_allowed: { status: 403, type: 'permission_error' },
  model_not_found: { status: 404, type: 'invalid_request_error' },
  connection_not_found: { status: 404, type: 'invalid_request_error' },
  unsupported_endpoint: { status: 404, type: 'invalid_request_error' },
  request_too_large: { status: 413, type: 'invalid_request_error' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error' },
  internal_error: { status: 500, type: 'server_error' },
  upstream_error: { status: 502, type: 'upstream_error' },
  upstream_auth_failed: { status: 502, type: 'upstream_error' },
  no_healthy_connection: { status: 503, type: 'service_unavailable_error' },
  no_enabled_connection: { status: 503, type: 'service_unavailable_error' },
  connection_disabled: { status: 503, type: 'service_unavailable_error' },
  overloaded: { status: 503, type: 'service_unavailable_error' },
  shutting_down: { status: 503, type: 'service_unavailable_error' },
  upstream_timeout: { status: 504, type: 'timeout_error' },
} as const

export type ErrorCode = keyof typeof table

export interface GatewayErrorOptions {
  /** The request's field at fault. */
  param?: string | null
  /** Only where another status of the same meaning is right: the upstream's own (413, 415, 422), or 408. */
  status?: number
  /** `error.code` and `error.type` as the upstream wrote them, where its refusal of the request is passed on. */
  upstreamCode?: string | null
  upstreamType?: string
  /** What the failure says of the connection; null: it is the request's own, and marks nothing. */
  reason?: FailureReason | null
  /** How long the provider asks to be left alone, ms. */
  retryAfterMs?: number
  /** False only where the provider cannot have begun work (429, refused connection): outside the retry budget. */
  costly?: boolean
  upstream?: UpstreamAnswer
  cause?: unknown
}

/** What the provider itself answered, secrets removed: for operators (health, validation, logs), never for callers. */
export interface UpstreamAnswer {
  /** null: it came inside a stream that had begun with 200. */
  readonly status: number | null
  readonly message: string
}

/** Every refusal and failure the gateway answers. Whether another connection may be tried is `reason !== null`. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly type: string
  readonly param: string | null
  /** What the client reads in `error.code`. */
  readonly shownCode: string | null
  readonly reason: FailureReason | null
  readonly retryAfterMs: number | undefined
  readonly costly: boolean
  readonly upstream: UpstreamAnswer | null

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const row = table[code]
    this.name = 'GatewayError'
    this.code = code
    this.status = options.status ?? row.status
    this.type = options.upstreamType ?? row.type
    this.param = options.param ?? null
    this.shownCode = options.upstreamCode === undefined ? code : options.upstreamCode
    this.reason = options.reason ?? null
    this.retryAfterMs = options.retryAfterMs
    this.costly = options.costly ?? true
    this.upstream = options.upstream ?? null
  }

  /** The same failure with its texts changed. */
  withTexts(change: (text: string) => string): GatewayError {
    const { code, message, status, type, param, shownCode, reason, retryAfterMs, costly, upstream } = this
    return new GatewayError(code, change(message), {
      status,
      upstreamType: type,
      param,
      upstreamCode: shownCode,
      reason,
      costly,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(upstream !== null && { upstream: { ...upstream, message: change(upstream.message) } }),
    })
  }
}

/** OpenAI's error object: all four members always present. */
export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null }
}

export function errorBody(error: GatewayError): ErrorBody {
  return { error: { message: error.message, type: error.type, param: error.param, code: error.shownCode } }
}
