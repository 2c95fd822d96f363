import type { Clock } from '../../core/clock.ts'
import { GatewayError, type GatewayErrorOptions } from '../../core/errors.ts'
import type { FailureReason } from '../../core/failure.ts'
import { Secret } from '../../core/secret.ts'
import type { Egress } from '../../core/transport.ts'
import type { FetchedText, FetchText } from '../fetch-text.ts'

export interface AccessToken {
  readonly value: Secret
  /** Ms since 1970. */
  readonly expiresAt: number
}

export interface TokenExchange {
  /** Who gives the token, as messages call it. */
  readonly name: string
  readonly url: string
  readonly egress: Egress
  readonly form: Readonly<Record<string, string>>
  /** Taken out of what the endpoint says, should it repeat them. */
  readonly secrets: readonly string[]
}

export interface TokenExchangeOptions {
  readonly clock: Clock
  readonly fetchText: FetchText
}

/** Of the endpoint's own words no more is kept. */
const maxMessage = 1000

/**
 * Asks an OAuth 2.0 token endpoint for an access token (RFC 6749 §5, RFC 7523). Throws GatewayError: refused as
 * reason authentication, `rate_limit` for a 429, `provider_down` for any other answer without a token, redirects
 * included; as the transport does where there is no answer.
 */
export async function exchangeToken(
  exchange: TokenExchange,
  { clock, fetchText }: TokenExchangeOptions,
  signal: AbortSignal,
): Promise<AccessToken> {
  const asked = clock.now()
  const answer = await fetchText(
    {
      method: 'POST',
      url: exchange.url,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: new URLSearchParams(exchange.form).toString(),
    },
    { egress: exchange.egress, signal },
  )
  const body = parseObject(answer.text)
  if (answer.status !== 200) throw refusal(exchange, answer, body)
  const { access_token: token, expires_in: seconds } = body ?? {}
  const lifetime = Number(seconds)
  // It becomes a header's value (RFC 6750 §2.1).
  const isToken = typeof token === 'string' && /^[\x21-\x7e]{1,16384}$/.test(token)
  if (!isToken || !Number.isFinite(lifetime) || lifetime <= 0) {
    throw failure(exchange, 'provider_down', { status: answer.status, message: 'an answer without a token' })
  }
  return { value: new Secret(token), expiresAt: asked + lifetime * 1000 }
}

function refusal(
  exchange: TokenExchange,
  { status }: FetchedText,
  body: Readonly<Record<string, unknown>> | null,
): GatewayError {
  const said = ['error', 'error_description']
    .map((name) => body?.[name])
    .filter((one) => typeof one === 'string')
  const words = said.length === 0 ? `status ${status}` : said.join(': ')
  const message = exchange.secrets.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), words)
  return failure(exchange, reasonOf(status, body?.['error']), { status, message })
}

function reasonOf(status: number, error: unknown): FailureReason {
  if (status === 429) return 'rate_limit'
  if (error === 'temporarily_unavailable' || error === 'server_error' || status === 408)
    return 'provider_down'
  return status >= 400 && status < 500 ? 'authentication' : 'provider_down'
}

function failure(
  { name }: TokenExchange,
  reason: FailureReason,
  { status, message }: { status: number; message: string },
): GatewayError {
  const upstream = { status, message: `${name}: ${message}`.slice(0, maxMessage) }
  const options: GatewayErrorOptions = { reason, costly: false, upstream }
  switch (reason) {
    case 'rate_limit':
      return new GatewayError(
        'rate_limit_exceeded',
        `${name} limits how often tokens are given out.`,
        options,
      )
    case 'authentication':
      return new GatewayError('upstream_auth_failed', `${name} refused the gateway's credential.`, options)
    default:
      return new GatewayError('upstream_error', `${name} could not give out a token.`, options)
  }
}

/** A parser's own words would quote what it read. */
function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** The credential itself is not fit for an exchange. The message must not show it. */
export function unusableCredential(message: string, cause?: unknown): GatewayError {
  return new GatewayError('upstream_auth_failed', message, { reason: 'authentication', costly: false, cause })
}
