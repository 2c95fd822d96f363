/** The control plane's error codes, with their statuses (design §5). */
const statuses = {
  invalid_json: 400,
  invalid_field: 400,
  unknown_field: 400,
  immutable_field: 400,
  provider_mismatch: 400,
  base_url_not_allowed: 400,
  invalid_cursor: 400,
  missing_api_key: 401,
  invalid_api_key: 401,
  token_expired: 401,
  forbidden: 403,
  reveal_disabled: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  in_use: 409,
  managed_by_file: 409,
  version_conflict: 409,
  precondition_failed: 412,
  request_too_large: 413,
  unsupported_media_type: 415,
  internal_error: 500,
  overloaded: 503,
  store_unavailable: 503,
} as const

export type RefusalCode = keyof typeof statuses

export const refusalCodes = Object.keys(statuses) as [RefusalCode, ...RefusalCode[]]

export interface RefusalOptions {
  /** The field at fault, as `connections[0].weight`. */
  readonly field?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** What the control plane answers instead of a success. The message is a whole sentence and holds no secret. */
export class AdminRefusal extends Error {
  readonly code: RefusalCode
  readonly status: number
  readonly field: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(code: RefusalCode, message: string, { field, headers = {}, ...options }: RefusalOptions = {}) {
    super(message, options)
    this.name = 'AdminRefusal'
    this.code = code
    this.status = statuses[code]
    this.field = field
    this.headers = headers
  }
}

/** `{"error": {"message", "code", "field"?}}` */
export function refusalBody({ message, code, field }: AdminRefusal) {
  return { error: { message, code, ...(field === undefined ? {} : { field }) } }
}

/** The same words for what never was and what is gone. */
export function notFound(what: string): AdminRefusal {
  return new AdminRefusal('not_found', `There is no such ${what}.`)
}
