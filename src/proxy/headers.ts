import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { GatewayError } from '../core/errors.ts'
import type { HeaderMap, Provider } from '../core/provider.ts'

/** Client headers that may go upstream. Everything else stays: credentials, cookies, forwarding, SDK telemetry. */
const towardsUpstream = [
  'anthropic-beta',
  'idempotency-key',
  'openai-beta',
  'traceparent',
  'tracestate',
  'x-client-request-id',
]

/**
 * Longer than any of them is, and so short that all together stay below what servers take (8 KiB): refused for its
 * headers (431), a request would count against the connection.
 */
const longestSent = 1024

export function headersForUpstream(headers: IncomingHttpHeaders): HeaderMap {
  const kept: Record<string, string> = {}
  for (const name of towardsUpstream) {
    const value = headers[name]
    if (typeof value === 'string' && value.length <= longestSent) kept[name] = value
  }
  return kept
}

/** Where providers write their own id of a request, first found wins. */
const requestIdHeaders = [
  'x-request-id',
  'request-id',
  'x-amzn-requestid',
  'apim-request-id',
  'x-goog-request-id',
]

export function upstreamRequestId(headers: HeaderMap): string | null {
  for (const name of requestIdHeaders) {
    const value = headers[name]
    if (value !== undefined && sane.test(value)) return value
  }
  return null
}

/** Clients take a head of 16 KiB, some only 8: what an upstream has too much of must not cost them the answer. */
const mostKept = 32
const longestKept = 200

/**
 * Adds to `kept` the upstream's headers that clients read: rate limits, where need be translated to OpenAI's names, and
 * OpenAI's timing.
 */
export function keepFromUpstream(
  kept: OutgoingHttpHeaders,
  headers: HeaderMap,
  rateLimits: Provider['rateLimits'],
): void {
  if (rateLimits !== undefined) Object.assign(kept, rateLimits(headers))
  let count = 0
  for (const name in headers) {
    if (!name.startsWith('x-ratelimit-') && name !== 'openai-processing-ms') continue
    const value = headers[name] ?? ''
    if (name.length + value.length > longestKept) continue
    if (++count > mostKept) break
    kept[name] = value
  }
}

const sane = /^[\w.:/+=@-]{1,128}$/

export interface RequestId {
  readonly id: string
  /** The gateway has made it. */
  readonly isOwn: boolean
}

/** The caller's `x-request-id` where it is short and plain, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders, makeId: () => string): RequestId {
  const given = headers['x-request-id']
  if (typeof given === 'string' && sane.test(given)) return { id: given, isOwn: false }
  return { id: `req_${makeId()}`, isOwn: true }
}

const longestShownMs = 60_000

/** `retry-after` in whole seconds, rounded up, and `retry-after-ms`; clients are never sent away longer than 60 s. */
export function retryHeaders(error: GatewayError): OutgoingHttpHeaders {
  if (error.retryAfterMs === undefined || (error.status !== 429 && error.status !== 503)) return {}
  const waitMs = Math.min(longestShownMs, Math.max(1, Math.ceil(error.retryAfterMs)))
  return { 'retry-after': String(Math.ceil(waitMs / 1000)), 'retry-after-ms': String(waitMs) }
}

/** Header values are ASCII; a name with other letters travels percent-encoded. */
export function headerText(value: string): string {
  return /^[\x20-\x24\x26-\x7e]*$/.test(value) ? value : encodeURIComponent(value)
}

/** Clients and proxies take heads of 16 or 8 KiB in all. */
const longestList = 2048

/** Names that the client wrote, as one header value: as many as fit, and how many more there are. */
export function headerList(names: readonly string[]): string {
  const shown: string[] = []
  let length = 0
  for (const name of names) {
    // Percent-encoded, a letter takes up to twelve characters.
    const text = name.length > longestList ? '' : headerText(name.toWellFormed())
    length += text.length + 2
    if (text === '' || length > longestList) break
    shown.push(text)
  }
  const others = names.length - shown.length
  return others === 0 ? shown.join(', ') : [...shown, `and ${others} more`].join(', ')
}

/** What `headerText` wrote, so that a name we have shown is taken back; null for none. */
export function readHeaderText(value: string | null): string | null {
  if (value === null || !value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
