import { refuseLarge } from '../bounds.ts'
import type { SealedBlobStore } from '../contract.ts'
import type { Keys } from './keys.ts'
import type { Link } from './link.ts'
import type { RunScript } from './scripts.ts'

export interface BlobsOptions {
  readonly link: Link
  readonly run: RunScript
  readonly keys: Keys
  readonly timeoutMs: number
}

export function createBlobs({ link, run, keys, timeoutMs: ms }: BlobsOptions): SealedBlobStore {
  async function get(name: string): Promise<Uint8Array | null> {
    const value = await link.send(['HGET', keys.blobs, name], { ms, asBytes: true })
    return value instanceof Uint8Array ? value : null
  }

  return {
    get,
    async create(name, value) {
      refuseLarge(value)
      await link.send(['HSETNX', keys.blobs, name, value], { ms })
      return (await get(name)) ?? value
    },
    async replace(name, current, next) {
      refuseLarge(next)
      return (await run('blob-replace', [keys.blobs], [name, current, next])) === 1
    },
  }
}
