import { GatewayError, type ErrorCode } from '../core/errors.ts'

/** What each refusal answers: nothing of the token, the keys or what would have been accepted. */
const table = {
  missing: {
    code: 'missing_api_key',
    message:
      'No API key was given. Send a token as `Authorization: Bearer <token>` or as `api-key: <token>`.',
  },
  malformed: { code: 'invalid_api_key', message: 'The API key is not a valid JSON Web Token.' },
  too_large: { code: 'invalid_api_key', message: 'The token is larger than 16 KiB.' },
  unknown_issuer: { code: 'invalid_api_key', message: "The token's issuer (`iss`) is not trusted here." },
  algorithm: { code: 'invalid_api_key', message: "The token's signature algorithm is not accepted." },
  unknown_key: {
    code: 'invalid_api_key',
    message: 'The token was signed with a key that its issuer does not publish.',
  },
  signature: { code: 'invalid_api_key', message: "The token's signature is not its issuer's." },
  audience: { code: 'invalid_api_key', message: 'The token is not meant for this gateway (`aud`).' },
  not_yet_valid: { code: 'invalid_api_key', message: 'The token is not valid yet (`nbf`).' },
  expired: { code: 'token_expired', message: 'The token has expired. Get a new one from its issuer.' },
  revoked: { code: 'invalid_api_key', message: 'The token has been revoked.' },
  jwks_unavailable: {
    code: 'overloaded',
    message: "The keys of the token's issuer cannot be fetched, so that it cannot be verified. Try again.",
  },
  team: {
    code: 'team_not_allowed',
    message: "The team named by `x-modelgate-team` is not one of the token's teams.",
  },
} as const satisfies Record<string, { code: ErrorCode; message: string }>

/** Why a caller was refused, in the words of `modelgate_auth_failures_total{reason}` (design §10). */
export type AuthFailure = keyof typeof table

/** A refused caller. `failure` is for metrics; the rest is what the client is answered. */
export class Refusal extends GatewayError {
  readonly failure: AuthFailure

  constructor(failure: AuthFailure, options: RefusalOptions = {}) {
    super(table[failure].code, options.message ?? table[failure].message, options)
    this.failure = failure
  }
}

export interface RefusalOptions {
  /** Where the table's words can be made more exact. */
  message?: string
  param?: string
  retryAfterMs?: number
}
