import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import type { Transport } from '../core/transport.ts'
import { createTransport } from '../upstream/dispatch.ts'
import { createEcho } from '../upstream/echo/echo-transport.ts'
import { createEgressGuard } from '../upstream/egress-guard.ts'
import { createFetchAsset, type FetchAsset } from '../upstream/fetch-asset.ts'
import { createFetchText, type FetchText } from '../upstream/fetch-text.ts'
import { createRouteTransport } from '../upstream/route-transport.ts'
import { createSigners, type Sign } from '../upstream/signers/signers.ts'

/** Every way out of the process. */
export interface Outbound {
  readonly transport: Transport
  readonly fetchText: FetchText
  readonly fetchAsset: FetchAsset
  readonly sign: Sign
  /** Ends what is still under way. */
  destroy(): Promise<void>
}

export function createOutbound({ config, clock }: { config: Config; clock: Clock }): Outbound {
  const { allow_networks: allowNetworks, allow_http: allowHttp, proxy_url, ca_file } = config.upstream
  const guard = createEgressGuard({ allowNetworks, allowHttp })
  const proxyUrl = proxy_url === null ? null : proxy_url.reveal()
  const caPem = ca_file === null ? null : readFileSync(ca_file, 'utf8')
  const http = createTransport({ guard, proxyUrl, caPem, clock })
  const trusting = (pem: string) => createTransport({ guard, proxyUrl, caPem: pem, caOnly: true, clock })
  return {
    transport: createRouteTransport({ internal: createEcho({ clock }), http }),
    fetchText: createFetchText({ transport: http, trusting }),
    fetchAsset: createFetchAsset({ transport: http }),
    sign: createSigners(),
    destroy: () => http.destroy(),
  }
}
