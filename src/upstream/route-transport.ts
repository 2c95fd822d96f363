import type { Transport } from '../core/transport.ts'

export interface RouteTransportOptions {
  /** Answers `internal://` URLs. */
  readonly internal: Transport
  readonly http: Transport
}

/** One transport for all connections: upstreams inside the process have URLs of the scheme `internal:`. */
export function createRouteTransport({ internal, http }: RouteTransportOptions): Transport {
  return {
    dispatch: (request, options) =>
      (request.url.startsWith('internal://') ? internal : http).dispatch(request, options),
  }
}
