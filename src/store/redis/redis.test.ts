import { randomUUID } from 'node:crypto'
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
    remove: async () => undefined,
  }
})
