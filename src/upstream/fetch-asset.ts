import type { Signal } from '../core/cancellation.ts'
import { GatewayError } from '../core/errors.ts'
import type { Asset, AssetRequest } from '../core/provider.ts'
import type { Transport } from '../core/transport.ts'
import { collect } from './collect.ts'

export type FetchAsset = (request: AssetRequest, signal: Signal) => Promise<Asset>

export interface FetchAssetOptions {
  readonly transport: Transport
  /** Of the whole exchange, ms. */
  readonly timeoutMs?: number
}

/**
 * Fetches what a request names by URL where the provider wants bytes. The URL is a stranger's word: it passes the
 * egress guard, redirects are not followed, size, type and time are bounded, and whatever goes wrong is the request's
 * own fault (400 `invalid_request`), told without the URL or the answer.
 */
export function createFetchAsset({ transport, timeoutMs = 20_000 }: FetchAssetOptions): FetchAsset {
  const deadlines = { connectMs: timeoutMs, firstEventMs: timeoutMs, idleMs: timeoutMs, totalMs: timeoutMs }

  return async ({ url, mediaTypes, maxBytes }, signal) => {
    if (URL.parse(url)?.protocol !== 'https:') throw unfetched('its URL is not https')
    const request = { method: 'GET', url, headers: { accept: mediaTypes.join(', ') }, body: null } as const
    try {
      const exchange = await transport.dispatch(request, { egress: 'guarded', deadlines, signal })
      const mediaType = (exchange.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
      const fault = faultOf(exchange.status, mediaType, mediaTypes)
      if (fault !== null) {
        exchange.abort()
        throw unfetched(fault)
      }
      return { mediaType, bytes: await collect(exchange, { maxBytes, signal }) }
    } catch (error) {
      if (signal.aborted || !(error instanceof GatewayError) || error.code === 'invalid_request') throw error
      throw unfetched(error.message)
    }
  }
}

function faultOf(status: number, mediaType: string, wanted: readonly string[]): string | null {
  if (status !== 200) return `its host answered with ${status}`
  if (!wanted.includes(mediaType)) return `its type is not one of ${wanted.join(', ')}`
  return null
}

function unfetched(why: string): GatewayError {
  return new GatewayError(
    'invalid_request',
    `A file that the request names by URL could not be fetched: ${why.replace(/\.$/, '')}.`,
    {
      param: 'messages',
    },
  )
}
