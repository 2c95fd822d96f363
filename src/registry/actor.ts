/** Who does something to the registry, for its records and its audit trail. */
export interface Actor {
  readonly subject: string
  readonly issuer: string
  /** `token`: a JWT; `admin_token`: `MODELGATE_ADMIN_TOKEN`; `system`: the gateway itself, or its command line. */
  readonly kind: 'token' | 'admin_token' | 'system'
  /** Where the request came from; null where there was none. */
  readonly address: string | null
  readonly requestId: string | null
}
