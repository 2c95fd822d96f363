import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
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

/** The server may be somebody's. */
async function removeKeys(pattern: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  await client.connect()
  for await (const keys of client.scanStream({ match: pattern, count: 1_000 })) {
    if (Array.isArray(keys) && keys.length > 0) await client.unlink(keys.map(String))
  }
  await client.quit()
}
