import type { Clock } from '../core/clock.ts'
import { createDiscovery } from './discovery.ts'
import { createIssuerFetch, type FetchText, type JwksSource } from './issuer-fetch.ts'
import { createKeySet, type KeySet, type LoadKeySet, type OnRefresh } from './key-set.ts'
import type { ReadFile } from './watched-file.ts'

export interface JwksOptions {
  source: JwksSource
  fetchText: FetchText
  readFile: ReadFile
  clock: Clock
  /** At least so long passes between two fetches for key ids that are unknown. */
  cooldownMs?: number
  /** Keys older than this are fetched again, in the background. */
  maxAgeMs?: number
  /** Deadline of one refresh, discovery included. */
  timeoutMs?: number
  onRefresh?: OnRefresh
}

/** How often a file is looked at; reading it again costs nothing that would need a longer pause. */
const FILE_CHECK_MS = 1_000

/** An issuer's JSON Web Key Set (RFC 7517), kept up to date. While its source is down the last good keys stay. */
export function createJwks({
  source,
  fetchText,
  readFile,
  clock,
  cooldownMs = 30_000,
  maxAgeMs = 600_000,
  timeoutMs = 5_000,
  onRefresh,
}: JwksOptions): KeySet {
  const { jwksUri, jwksFile } = source
  const shared = { clock, timeoutMs, ...(onRefresh === undefined ? {} : { onRefresh }) }
  if (jwksUri === undefined && jwksFile !== undefined) {
    const load = fromFile(jwksFile, readFile)
    return createKeySet({ ...shared, load, cooldownMs: FILE_CHECK_MS, maxAgeMs: FILE_CHECK_MS })
  }
  const fetchFrom = createIssuerFetch({ source, fetchText, readFile, clock })
  const load: LoadKeySet =
    jwksUri === undefined
      ? createDiscovery({ issuer: source.issuer, fetchFrom })
      : async (signal) => fetchFrom(jwksUri, 'operator', signal)
  return createKeySet({ ...shared, load, cooldownMs, maxAgeMs })
}

function fromFile(path: string, readFile: ReadFile): LoadKeySet {
  let version: string | null = null
  return async (signal) => {
    const read = await readFile(path, version)
    // What comes after the deadline is not taken, and so must not count as read.
    if (read === null || signal.aborted) return null
    // A file that holds no keys is reported once, and read again when it changes.
    version = read.version
    return read.text
  }
}
