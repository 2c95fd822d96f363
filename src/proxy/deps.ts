import type { IncomingMessage } from 'node:http'
import type { Authenticator } from '../access/authenticate.ts'
import type { Signal } from '../core/cancellation.ts'
import type { Clock } from '../core/clock.ts'
import type { Connection, Credential } from '../core/entities.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Asset, AssetRequest, Provider } from '../core/provider.ts'
import type { RequestRecord, TraceContext } from '../core/record.ts'
import type { Registry } from '../registry/snapshot.ts'
import type { Router } from '../routing/router.ts'
import type { Sending } from '../upstream/open-exchange.ts'
import type { Gate } from './gate.ts'

/** Everything the data plane is made of, wired once in `app.ts`. */
export interface ProxyDeps extends Sending {
  readonly registry: Registry
  readonly authenticate: Authenticator
  readonly router: Router
  readonly providers: ReadonlyMap<string, Provider>
  /** A failure without whatever secret of the credential a provider may have echoed. */
  readonly withoutSecrets: (error: GatewayError, credential: Credential) => GatewayError
  readonly fetchAsset: (request: AssetRequest, signal: Signal) => Promise<Asset>
  readonly record: (record: RequestRecord) => void
  /** Continues the trace of a `traceparent`, or begins one; null: no traces are kept. */
  readonly trace: ((traceparent: string | undefined) => TraceContext) | null
  /** A fault of the gateway's own: logged, answered as 500, never fatal. */
  readonly onFault: (error: unknown, requestId: string) => void
  readonly gate: Gate
  readonly clock: Clock
  /** 32 hexadecimal digits. */
  readonly makeId: () => string
  readonly limits: ProxyLimits
  readonly corsOrigins: readonly string[]
  /** The caller's address, forwarding headers of trusted proxies considered. */
  readonly remoteAddress: (incoming: IncomingMessage) => string
}

export interface ProxyLimits {
  readonly maxBodyBytes: number
  /** Silence on a stream after which a comment goes out, ms. */
  readonly keepAliveMs: number
}

/** Connections are checked against the catalogue when they are saved, so that a missing provider is a fault of ours. */
export function requireProvider(deps: ProxyDeps, connection: Connection): Provider {
  const provider = deps.providers.get(connection.provider)
  if (provider === undefined) throw new Error(`no provider named ${connection.provider}`)
  return provider
}
