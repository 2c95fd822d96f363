import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts'
import { storeContract } from '../contract.suite.ts'
import { openWhenUp } from './testing/open-when-up.ts'

let server: RedisServer | null = null
let url = process.env['REDIS_URL'] ?? ''

beforeAll(async () => {
  if (url !== '') return
  server = await startRedis()
  url = server.url
}, 300_000)
afterAll(() => server?.stop())

storeContract('Redis store', async () => {
  const keyPrefix = `test-${randomUUID()}`
  return {
    open: () => openWhenUp({ url, keyPrefix }),
    remove: () => removeKeys(`{${keyPrefix}}:*`),
  }
})

it('says how much it takes at once, and takes nothing of more', { timeout: 60_000 }, async () => {
  const keyPrefix = `test-${randomUUID()}`
  const store = await openWhenUp({ url, keyPrefix })
  try {
    const { position } = await store.registry.fetch(null)
    const deletes = Array.from({ length: 50_001 }, (_, index) => ({ kind: 'team' as const, id: `${index}` }))
    await expect(store.registry.commit({ puts: [], deletes, audit: [] }, position)).rejects.toThrow(
      'This is 50001 changes at once, of which the store takes 50000: nothing was changed.',
    )
    expect((await store.registry.fetch(null)).position).toEqual(position)
  } finally {
    await store.close()
    await removeKeys(`{${keyPrefix}}:*`)
  }
})

/** The server may be somebody's. */
async function removeKeys(pattern: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  await client.connect()
  for await (const keys of client.scanStream({ match: pattern, count: 1_000 })) {
    if (Array.isArray(keys) && keys.length > 0) await client.unlink(keys.map(String))
  }
  await client.quit()
}
