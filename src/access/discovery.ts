import { originOf, type IssuerFetch } from './issuer-fetch.ts'
import { InvalidKeySet, readObject } from './json-web-keys.ts'
import type { LoadKeySet } from './key-set.ts'

export interface DiscoveryOptions {
  issuer: string
  fetchFrom: IssuerFetch
}

/**
 * Finds an issuer's keys through its discovery document (OpenID Connect Discovery 1.0 §4). The document must name the
 * issuer itself, character by character (§4.3), and keys at `https`, unless the issuer itself is at `http`.
 */
export function createDiscovery({ issuer, fetchFrom }: DiscoveryOptions): LoadKeySet {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  return async (signal) => {
    const { issuer: named, jwks_uri: uri } = readObject(await fetchFrom(address, 'operator', signal))
    if (named !== issuer) throw new InvalidKeySet("the discovery document is another issuer's")
    if (typeof uri !== 'string' || !URL.canParse(uri)) {
      throw new InvalidKeySet('the discovery document names no jwks_uri')
    }
    const schemes = new URL(issuer).protocol === 'http:' ? ['http:', 'https:'] : ['https:']
    if (!schemes.includes(new URL(uri).protocol)) {
      throw new InvalidKeySet("the discovery document's jwks_uri is not https")
    }
    // Only what the configuration itself names passes the egress guard on the operator's word.
    return fetchFrom(uri, originOf(uri) === originOf(issuer) ? 'operator' : 'guarded', signal)
  }
}
