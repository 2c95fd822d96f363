import type { Signal } from '../core/cancellation.ts'
import { GatewayError } from '../core/errors.ts'
import type { AssetRequest, Call, Eventually, Translator } from '../core/provider.ts'
import type { ProxyDeps } from './deps.ts'
import { inParallel } from './in-parallel.ts'

/** Files that one request may name by URL; Anthropic, the most generous, takes 100 images. */
const maxAssets = 100
const width = 4

/**
 * What the provider needs as bytes and the request names by URL; for most requests nothing. All of it together may be
 * as large as a request body: by naming it instead of sending it a client gets no more room. At once where there is
 * nothing. Throws (rejects with) 400 and 413.
 */
export function fetchAssets(
  deps: ProxyDeps,
  translator: Translator,
  call: Call,
  signal: Signal,
): Eventually<void> {
  const named = translator.assets?.(call)
  if (named === undefined || named.length === 0) return
  const wanted = named.filter(({ url }) => !call.assets.has(url))
  if (wanted.length > 0) return fetchAll(deps, wanted, call, signal)
}

async function fetchAll(
  deps: ProxyDeps,
  wanted: readonly AssetRequest[],
  call: Call,
  signal: Signal,
): Promise<void> {
  if (wanted.length > maxAssets) {
    throw new GatewayError('invalid_request', `A request may name at most ${maxAssets} files by URL.`, {
      param: 'messages',
    })
  }
  let room = deps.limits.maxBodyBytes
  for (const { bytes } of call.assets.values()) room -= bytes.length
  await inParallel({
    items: wanted,
    width,
    signal,
    work: async (request, itsSignal) => {
      const asset = await deps.fetchAsset(request, itsSignal)
      room -= asset.bytes.length
      if (room < 0) {
        const limit = deps.limits.maxBodyBytes
        const message = `The files that the request names by URL are larger than ${limit} bytes together.`
        throw new GatewayError('request_too_large', message, { param: 'messages' })
      }
      call.assets.set(request.url, asset)
    },
  })
}
