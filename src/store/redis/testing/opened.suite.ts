import { afterEach } from 'vitest'
import type { RegistryPosition, Store, StoredEntity } from '../../contract.ts'
import { eventually } from '../../suite/harness.suite.ts'
import { createRedisStore, type RedisStoreOptions } from '../redis.ts'

export interface Opened {
  readonly store: Store
  readonly warnings: string[]
  /** What was said of the link, in order. */
  readonly links: boolean[]
  /** Rejects where it is not so in time. */
  readonly until: (up: boolean, timeoutMs?: number) => Promise<void>
}

/** Opens stores for the tests of a file, and closes them after each. */
export function useStores(): (options: RedisStoreOptions) => Opened {
  let stores: Store[] = []
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()))
    stores = []
  })

  return function open(options) {
    const warnings: string[] = []
    const links: boolean[] = []
    const store = createRedisStore({ onWarning: (warning) => warnings.push(warning), ...options })
    store.onLink((up) => links.push(up))
    stores.push(store)
    return {
      store,
      warnings,
      links,
      async until(up, timeoutMs) {
        const isUp = await eventually(
          () => store.up(),
          (now) => now === up,
          timeoutMs,
        )
        if (isUp !== up) throw new Error(`still ${isUp ? 'up' : 'down'}: ${warnings.join('; ')}`)
      },
    }
  }
}

export function entity(id: string): StoredEntity {
  return { kind: 'model', id, json: '{}' }
}

/** Writes an entity onto whatever is there. */
export async function write({ registry }: Store, id: string): Promise<RegistryPosition> {
  const { position } = await registry.fetch(null)
  const result = await registry.commit({ puts: [entity(id)], deletes: [], audit: [] }, position)
  if (result.kind === 'conflict') throw new Error('a conflict')
  return result.position
}
