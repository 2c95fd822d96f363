import type { Clock } from '../../core/clock.ts'
import type { Credential } from '../../core/entities.ts'
import type { UpstreamRequest } from '../../core/provider.ts'
import type { FetchText } from '../fetch-text.ts'
import { withHeader } from './header-signers.ts'
import { type AccessToken, exchangeToken, unusableCredential } from './oauth-token.ts'
import type { Signer } from './signer.ts'
import { createTokenCache, type OnExchange } from './token-cache.ts'

export interface EntraSignerOptions {
  readonly clock: Clock
  readonly fetchText: FetchText
  /** Aborted when the gateway stops. */
  readonly closing: AbortSignal
  readonly onExchange?: OnExchange
}

/**
 * The signer `entra` for Azure: a token of the application's client credentials in `authorization` (RFC 6749 §4.4;
 * providers' facts §5.2). Throws GatewayError (`costly: false`) where there is none to be had.
 */
export function createEntraSigner({
  clock,
  fetchText,
  closing,
  onExchange = () => {},
}: EntraSignerOptions): (...call: Parameters<Signer>) => Promise<UpstreamRequest> {
  const failed = 'Entra could not be reached for an access token.'
  const cache = createTokenCache<AccessToken>({ clock, closing, failed, onExchange })

  function load(credential: Credential, scope: string, signal: AbortSignal): Promise<AccessToken> {
    const { secrets, settings, managedBy } = credential
    const url = settings['azure_token_url']
    const clientId = settings['azure_client_id']
    const secret = secrets['azure_client_secret']?.reveal()
    if (!url || !clientId || !secret) {
      throw unusableCredential(
        'The credential lacks `azure_client_id`, `azure_client_secret` or `azure_token_url`.',
      )
    }
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: secret, scope }
    const egress = managedBy === 'file' ? 'operator' : 'guarded'
    const exchange = { name: "Entra's token endpoint", url, egress, form, secrets: [secret] } as const
    return exchangeToken(exchange, { clock, fetchText }, signal)
  }

  return async (request, credential, signal) => {
    const scope = credential.settings['azure_scope'] || defaultScope(credential, request)
    // The version changes with every secret: what an old one brought is never served for the new.
    const id = JSON.stringify([credential.id, credential.version, scope])
    const { value } = await cache.get(id, async (bound) => load(credential, scope, bound), signal)
    return withHeader(request, 'authorization', `Bearer ${value.reveal()}`)
  }
}

/** By the resource's host, which a `base_url` before it (a proxy) does not tell (providers' facts §5.2). */
function defaultScope({ settings }: Credential, request: UpstreamRequest): string {
  const host = URL.parse(settings['azure_endpoint'] || request.url)?.hostname ?? ''
  if (host.endsWith('.ai.azure.com')) return 'https://ai.azure.com/.default'
  const cloud = /\.azure\.(us|cn)$/.exec(host)?.[1] ?? 'com'
  return `https://cognitiveservices.azure.${cloud}/.default`
}
