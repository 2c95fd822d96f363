import { errors } from 'undici'
import { GatewayError } from '../core/errors.ts'

/** Kinds of failure in words, by Node's, OpenSSL's and undici's codes. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ECONNABORTED: 'connection reset',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'no answer from the host',
  UND_ERR_SOCKET: 'connection closed',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'connection closed',
  UND_ERR_HEADERS_OVERFLOW: 'its headers are too large',
  UND_ERR_DESTROYED: 'the gateway is closing',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not trusted',
}

/** What the gateway's own machine has run out of, which says nothing of the upstream. */
const exhausted: Readonly<Record<string, string>> = {
  EMFILE: 'open files',
  ENFILE: 'open files',
  ENOBUFS: 'network buffers',
  ENOMEM: 'memory',
}

/** How far an exchange had come. `connecting`: nothing of the request has been sent. */
export type Stage = 'connecting' | 'sent' | 'answering'

const beginnings: Record<Stage, string> = {
  connecting: 'The upstream could not be reached',
  sent: 'The connection to the upstream was lost before its answer',
  answering: 'The connection to the upstream was lost within its answer',
}

/**
 * What a failed socket comes to. `isStale`: the socket had been idle and not one byte of an answer came, so that it
 * had almost certainly been closed before the request arrived.
 */
export function networkError(stage: Stage, cause: Error, isStale: boolean): GatewayError {
  if (cause instanceof GatewayError) return cause
  const lacking = exhausted[codeOf(cause)]
  if (stage === 'connecting' && lacking !== undefined) return exhaustedError(lacking, cause)
  return new GatewayError('upstream_error', `${beginnings[stage]}: ${wordsFor(cause)}.`, {
    reason: 'network',
    costly: stage !== 'connecting' && !isStale,
    cause,
  })
}

/** No mark for the connection: every other one would fail alike, and for all replicas. */
function exhaustedError(lacking: string, cause: Error): GatewayError {
  return new GatewayError('overloaded', `The gateway has run out of ${lacking}.`, {
    retryAfterMs: 1_000,
    costly: false,
    cause,
  })
}

/** undici refused the request itself: its words name a header or the path, never a value. */
export function unsendableError(cause: Error): GatewayError {
  const message = `The request cannot be sent to the upstream: ${cause.message}.`
  return new GatewayError('upstream_error', message, { reason: 'network', costly: false, cause })
}

function wordsFor(error: Error): string {
  const code = codeOf(error)
  const known = words[code]
  if (known !== undefined) return known
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return 'TLS could not be agreed on'
  if (error instanceof errors.HTTPParserError) return 'its answer is not valid HTTP'
  return code === '' ? 'unknown failure' : code
}

function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  if (code !== undefined) return code
  // Several addresses were tried: the first failure stands for all.
  return error instanceof AggregateError && error.errors[0] instanceof Error ? codeOf(error.errors[0]) : ''
}
