import type { Clock } from '../core/clock.ts'
import type { Egress } from '../core/transport.ts'
import { createWatchedFile, type ReadFile } from './watched-file.ts'

/** Where an issuer's keys are: a URL, else a file, else what the issuer's OpenID discovery document names. */
export interface JwksSource {
  readonly issuer: string
  readonly jwksUri?: string | undefined
  readonly jwksFile?: string | undefined
  /** Certificates that are trusted for the issuer's hosts, PEM. */
  readonly caFile?: string | undefined
  /** A token that is sent to the issuer's own origin, and to no other. */
  readonly bearerFile?: string | undefined
}

export interface FetchTextOptions {
  /** Path of the certificates to trust, to be read at each fetch; null: the usual ones. */
  readonly caFile: string | null
  /** Sent as `authorization: Bearer`; null: nothing is. */
  readonly bearer: string | null
  /** `operator`: the configuration names the host. `guarded`: the issuer's discovery document does. */
  readonly egress: Egress
  readonly maxBytes: number
  readonly signal: AbortSignal
}

/** The body of a 200 answer to a GET. Rejects for any other status; follows no redirect. */
export type FetchText = (url: string, options: FetchTextOptions) => Promise<string>

/** Fetches what belongs to one issuer, with its certificates and, where the origin is its own, its bearer token. */
export type IssuerFetch = (url: string, egress: Egress, signal: AbortSignal) => Promise<string>

export interface IssuerFetchOptions {
  source: JwksSource
  fetchText: FetchText
  readFile: ReadFile
  clock: Clock
}

const MAX_BYTES = 1024 * 1024
/** RFC 6750 §2.1. */
const BEARER = /^[\w.~+/-]+=*$/

export function createIssuerFetch({ source, fetchText, readFile, clock }: IssuerFetchOptions): IssuerFetch {
  const { issuer, caFile = null, bearerFile } = source
  const bearerText =
    bearerFile === undefined ? null : createWatchedFile({ path: bearerFile, readFile, clock, checkMs: 0 })

  async function bearer(): Promise<string | null> {
    if (bearerText === null) return null
    const token = await bearerText()
    if (!BEARER.test(token)) throw new Error(`${bearerFile} holds no bearer token`)
    return token
  }

  return async (url, egress, signal) => {
    const isOwn = originOf(url) === originOf(issuer)
    const options = { caFile, egress, maxBytes: MAX_BYTES, signal }
    if (isOwn) return fetchText(url, { ...options, bearer: await bearer() })
    try {
      return await fetchText(url, { ...options, bearer: null })
    } catch (error) {
      if (bearerText === null) throw error
      const said = error instanceof Error ? error.message : String(error)
      throw new Error(`${said} (bearer_file was not sent: ${url} is not at the issuer's own host)`, {
        cause: error,
      })
    }
  }
}

/** Scheme, host and port; null for what is no URL, which equals no URL's. */
export function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null
}
