import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Asset, Call, Translator } from '../core/provider.ts'
import type { ProxyDeps } from './deps.ts'
import { fetchAssets } from './fetch-assets.ts'

function scene(count: number, bytesEach: number, maxBodyBytes = 1000) {
  const seen = { started: 0, underWay: 0, most: 0, aborted: 0 }
  const deps = {
    limits: { maxBodyBytes },
    fetchAsset: async (_: unknown, signal: AbortSignal): Promise<Asset> => {
      seen.started++
      seen.most = Math.max(seen.most, ++seen.underWay)
      await nextTurn()
      seen.underWay--
      if (signal.aborted) seen.aborted++
      return { mediaType: 'image/png', bytes: new Uint8Array(bytesEach) }
    },
  } as unknown as ProxyDeps
  const call = { assets: new Map<string, Asset>() } as Call
  const wanted = Array.from({ length: count }, (_, index) => ({
    url: `https://x.test/${index}`,
    mediaTypes: [],
    maxBytes: 1,
  }))
  const translator = { assets: () => wanted } as unknown as Translator
  return { seen, call, run: () => fetchAssets(deps, translator, call, new AbortController().signal) }
}

describe('fetchAssets', () => {
  it('fetches a few at a time', async () => {
    const { seen, call, run } = scene(20, 10)
    await run()
    expect(call.assets.size).toBe(20)
    expect(seen.most).toBe(4)
  })

  it('gives a request no more room than a body has, and stops at that', async () => {
    const { seen, run } = scene(60, 300)
    await expect(run()).rejects.toMatchObject({ code: 'request_too_large', status: 413 })
    await nextTurn()
    expect(seen.started).toBeLessThan(10)
  })

  it('refuses a request that names too many', async () => {
    const { seen, run } = scene(101, 1)
    await expect(run()).rejects.toMatchObject({ code: 'invalid_request', param: 'messages' })
    expect(seen.started).toBe(0)
  })
})
