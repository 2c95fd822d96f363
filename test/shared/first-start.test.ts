import { afterEach, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'

let redis: RedisServer
let gateway: Gateway
afterEach(async () => {
  await gateway?.stop()
  await redis?.stop()
})

it('starts on Redis without a warning, and prints no token where others may read it', async () => {
  redis = await startRedis()
  const masterKey = Buffer.alloc(32, 1).toString('base64')
  gateway = await startGateway({
    config: { state: { redis: { url: redis.url } } },
    env: { MODELGATE_MASTER_KEY: masterKey },
  })
  expect(gateway.log().map(({ level, msg: message }) => ({ level, message }))).toEqual([
    { level: 'info', message: 'listening' },
  ])
  expect(gateway.output().trim().split('\n')).toHaveLength(1)
})
