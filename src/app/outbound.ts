import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import type { Transport } from '../core/transport.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createTransport } from '../upstream/dispatch.ts'
import { createEcho } from '../upstream/echo/echo-transport.ts'
import { createEgressGuard } from '../upstream/egress-guard.ts'
import { createFetchAsset, type FetchAsset } from '../upstream/fetch-asset.ts'
import { createFetchText, type FetchText } from '../upstream/fetch-text.ts'
import { createAwsIdentity } from '../upstream/identity/aws-identity.ts'
import { createRouteTransport } from '../upstream/route-transport.ts'
import { createAwsSigner } from '../upstream/signers/aws-signer.ts'
import { createEntraSigner } from '../upstream/signers/entra.ts'
import { createGoogleServiceAccountSigner } from '../upstream/signers/google-service-account.ts'
import { createSigners, type Signers } from '../upstream/signers/signers.ts'

/** Every way out of the process. */
export interface Outbound extends Signers {
  readonly transport: Transport
  readonly fetchText: FetchText
  readonly fetchAsset: FetchAsset
  /** Ends what is still under way. */
  destroy(): Promise<void>
}

export interface OutboundOptions {
  readonly config: Config
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'tokenExchange'>
}

export function createOutbound({ config, clock, metrics }: OutboundOptions): Outbound {
  const { allow_networks: allowNetworks, allow_http: allowHttp, proxy_url, ca_file } = config.upstream
  const guard = createEgressGuard({ allowNetworks, allowHttp })
  const proxyUrl = proxy_url === null ? null : proxy_url.reveal()
  const caPem = ca_file === null ? null : readFileSync(ca_file, 'utf8')
  const http = createTransport({ guard, proxyUrl, caPem, clock })
  const trusting = (pem: string) => createTransport({ guard, proxyUrl, caPem: pem, caOnly: true, clock })
  const fetchText = createFetchText({ transport: http, trusting })
  const stop = new AbortController()
  const exchangeParts = (kind: string) => ({
    clock,
    fetchText,
    closing: stop.signal,
    onExchange: (result: string) => metrics.tokenExchange(kind, result),
  })
  const identity = createAwsIdentity({
    environment: config.aws_environment(),
    ...exchangeParts('aws_identity'),
  })
  return {
    transport: createRouteTransport({ internal: createEcho({ clock }), http }),
    fetchText,
    fetchAsset: createFetchAsset({ transport: http }),
    ...createSigners({
      signers: {
        sigv4: createAwsSigner({ identity, ...exchangeParts('aws_assume_role') }),
        entra: createEntraSigner(exchangeParts('entra')),
        'google-service-account': createGoogleServiceAccountSigner(exchangeParts('google')),
      },
    }),
    destroy: () => {
      stop.abort(new Error('the gateway stops'))
      return http.destroy()
    },
  }
}
