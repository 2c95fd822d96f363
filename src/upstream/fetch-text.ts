import type { HeaderMap, UpstreamRequest } from '../core/provider.ts'
import type { Egress, Transport } from '../core/transport.ts'
import { collect } from './collect.ts'
import type { ManagedTransport } from './dispatch.ts'

export interface FetchTextOptions {
  readonly egress: Egress
  readonly signal: AbortSignal
  /** Of the whole exchange, ms. */
  readonly timeoutMs?: number
  readonly maxBytes?: number
  /** Certificates, PEM: trusted for this one exchange, in place of the usual ones. */
  readonly caPem?: string | null
}

export interface FetchedText {
  readonly status: number
  readonly headers: HeaderMap
  readonly text: string
}

/**
 * Small exchanges beside user traffic: keys, discovery documents, tokens, metadata. Answers whatever status came,
 * redirects included; rejects as the transport does, and with GatewayError for an answer over `maxBytes` (1 MiB).
 */
export type FetchText = (request: UpstreamRequest, options: FetchTextOptions) => Promise<FetchedText>

export interface FetchTextParts {
  readonly transport: Transport
  /** A transport that trusts these certificates alone; used once, then destroyed. */
  readonly trusting: (caPem: string) => ManagedTransport
}

export function createFetchText({ transport, trusting }: FetchTextParts): FetchText {
  return async (request, options) => {
    const { caPem = null } = options
    if (caPem === null) return exchange(transport, request, options)
    const ownTransport = trusting(caPem)
    try {
      return await exchange(ownTransport, request, options)
    } finally {
      await ownTransport.destroy()
    }
  }
}

async function exchange(
  transport: Transport,
  request: UpstreamRequest,
  { egress, signal, timeoutMs = 10_000, maxBytes = 1024 * 1024 }: FetchTextOptions,
): Promise<FetchedText> {
  const deadlines = {
    connectMs: timeoutMs,
    firstEventMs: timeoutMs,
    idleMs: timeoutMs,
    totalMs: timeoutMs,
  }
  const answer = await transport.dispatch(request, { egress, deadlines, signal })
  const body = await collect(answer, { maxBytes, signal })
  return { status: answer.status, headers: answer.headers, text: body.toString('utf8') }
}
