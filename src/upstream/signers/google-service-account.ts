import type { Clock } from '../../core/clock.ts'
import type { Credential } from '../../core/entities.ts'
import type { UpstreamRequest } from '../../core/provider.ts'
import type { FetchText } from '../fetch-text.ts'
import { googleTokenUrl, readServiceAccount, signAssertion } from './google-assertion.ts'
import { withHeader } from './header-signers.ts'
import { type AccessToken, exchangeToken, unusableCredential } from './oauth-token.ts'
import type { Signer } from './signer.ts'
import { createTokenCache, type OnExchange } from './token-cache.ts'

export interface GoogleSignerOptions {
  readonly clock: Clock
  readonly fetchText: FetchText
  /** Aborted when the gateway stops. */
  readonly closing: AbortSignal
  readonly onExchange?: OnExchange
}

/**
 * The signer `google-service-account` for Vertex AI: a token of the service account in `authorization`. Throws
 * GatewayError (`costly: false`) where there is none to be had.
 */
export function createGoogleServiceAccountSigner({
  clock,
  fetchText,
  closing,
  onExchange = () => {},
}: GoogleSignerOptions): (...call: Parameters<Signer>) => Promise<UpstreamRequest> {
  const failed = 'Google could not be reached for an access token.'
  const cache = createTokenCache<AccessToken>({ clock, closing, failed, onExchange })

  async function load(credential: Credential, signal: AbortSignal): Promise<AccessToken> {
    const account = readServiceAccount(serviceAccountOf(credential))
    // An address that the admin named obeys the rules of any other; the key file's own is held to Google's.
    const url = credential.settings['token_url'] || googleTokenUrl(account)
    const assertion = await signAssertion(account, clock.now())
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }
    const egress = credential.managedBy === 'file' ? 'operator' : 'guarded'
    return exchangeToken(
      { name: "Google's token endpoint", url, egress, form, secrets: [assertion] },
      { clock, fetchText },
      signal,
    )
  }

  return async (request, credential, signal) => {
    // The version changes with every secret: what an old one brought is never served for the new.
    const id = JSON.stringify([credential.id, credential.version])
    const { value } = await cache.get(id, (bound) => load(credential, bound), signal)
    return withHeader(request, 'authorization', `Bearer ${value.reveal()}`)
  }
}

function serviceAccountOf({ secrets }: Credential): string {
  const account = secrets['gcp_service_account']
  if (account === undefined) throw unusableCredential('The credential has no `gcp_service_account`.')
  return account.reveal()
}
