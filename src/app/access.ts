import { readFile } from 'node:fs/promises'
import { createAdminToken } from '../access/admin-token.ts'
import { type Authenticator, createAuthenticator } from '../access/authenticate.ts'
import { createGatewayKey, type GatewayKey, loadGatewayKey } from '../access/gateway-key.ts'
import type { FetchText as FetchIssuerText } from '../access/issuer-fetch.ts'
import { createIssuer } from '../access/issuer.ts'
import { createTokenVerifier } from '../access/verify-token.ts'
import { readIfChanged } from '../access/watched-file.ts'
import type { Config } from '../config.ts'
import { issuerOptions } from '../config/issuer-options.ts'
import type { Clock } from '../core/clock.ts'
import type { Vault } from '../registry/vault.ts'
import type { Store } from '../store/contract.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { FetchText } from '../upstream/fetch-text.ts'
import { signingKeyIn } from './signing-key.ts'
import { whenUp } from './when-up.ts'

export interface AccessOptions {
  readonly config: Config
  readonly store: Store
  readonly vault: Vault
  readonly fetchText: FetchText
  readonly metrics: Metrics
  readonly log: Log
  readonly clock: Clock
}

export interface Access {
  readonly authenticate: Authenticator
  readonly gatewayKey: GatewayKey
  /** Issuers as a changed configuration has them; tokens verified before are verified anew. */
  reload(config: Config): void
  /** From now on these tokens are refused. */
  revoke(tokens: Iterable<RevokedToken>): void
}

export interface RevokedToken {
  /** `jti` */
  readonly tokenId: string
  /** The token's `exp`, seconds since 1970. */
  readonly expiresAt: number
}

/** Within the time that loading keys may take, with some left to ask. */
const CONNECTING_MS = 4_000

/** Whose tokens are accepted: the configured issuers' and the gateway's own. */
export function createAccess({
  config,
  store,
  vault,
  fetchText,
  metrics,
  log,
  clock,
}: AccessOptions): Access {
  const signingKey = signingKeyIn({ blobs: store.blobs, vault })
  const load = async () => {
    // A process that has just started is still connecting, and who fails at first is left alone for a while.
    await whenUp(store, CONNECTING_MS)
    return loadGatewayKey(signingKey)
  }
  const gatewayKey = createGatewayKey({ load, clock })
  const adminToken = config.admin_token === null ? null : createAdminToken(config.admin_token)
  const onRefresh = (issuer: string, result: string, detail: string | null) => {
    metrics.jwksRefresh(issuer, result)
    if (detail !== null) log.warn('the keys of an issuer were not refreshed', { issuer, detail })
  }

  function build({ auth }: Config) {
    const parts = { fetchText: issuerFetch(fetchText), readFile: readIfChanged, clock, onRefresh }
    const issuers = auth.issuers.map((issuer) => createIssuer(issuerOptions(issuer), parts))
    const verifier = createTokenVerifier({
      issuers,
      gatewayKey,
      clock,
      onFailure: (reason) => metrics.authFailure(reason),
    })
    verifier.warm()
    const authenticate = createAuthenticator({
      verifier,
      adminToken,
      localIdentity: auth.local_identity && { tokenFile: auth.local_identity.token_file },
      readFile: readIfChanged,
      clock,
      onFailure: (reason) => metrics.authFailure(reason),
    })
    return { authenticate, verifier }
  }

  let revoked: readonly RevokedToken[] = []
  let current = build(config)
  let issuers = JSON.stringify(config.auth.issuers)
  return {
    authenticate: (presented) => current.authenticate(presented),
    gatewayKey,
    reload: (next) => {
      const changed = JSON.stringify(next.auth.issuers)
      if (changed === issuers) return
      issuers = changed
      current = build(next)
      for (const { tokenId, expiresAt } of revoked) current.verifier.revoke(tokenId, expiresAt)
    },
    revoke(tokens) {
      revoked = [...tokens]
      for (const { tokenId, expiresAt } of revoked) current.verifier.revoke(tokenId, expiresAt)
    },
  }
}

/** Keys and discovery documents: nothing but a 200 will do. The certificate file is read each time, as it may be renewed. */
function issuerFetch(fetchText: FetchText): FetchIssuerText {
  return async (url, { caFile, bearer, egress, maxBytes, signal }) => {
    const headers: Record<string, string> = { accept: 'application/json' }
    if (bearer !== null) headers['authorization'] = `Bearer ${bearer}`
    const caPem = caFile === null ? null : await readFile(caFile, 'utf8')
    const request = { method: 'GET', url, headers, body: null } as const
    const { status, text } = await fetchText(request, { egress, signal, maxBytes, caPem })
    if (status !== 200) throw new Error(`the answer's status is ${status}`)
    return text
  }
}
