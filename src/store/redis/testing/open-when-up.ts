import type { Store } from '../../contract.ts'
import { createRedisStore, type RedisStoreOptions } from '../redis.ts'

/** Opens a store and waits until it is up; closes it again where it is not within 10 s. */
export async function openWhenUp(options: RedisStoreOptions): Promise<Store> {
  const warnings: string[] = []
  const store = createRedisStore({ onWarning: (warning) => warnings.push(warning), ...options })
  let timer: NodeJS.Timeout | undefined
  const isUp = await new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), 10_000)
    store.onLink(resolve)
    if (store.up()) resolve(true)
  })
  clearTimeout(timer)
  if (isUp) return store
  await store.close()
  throw new Error(`Redis is not up: ${warnings.join('; ')}`)
}
