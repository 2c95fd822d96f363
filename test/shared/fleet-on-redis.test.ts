import { describe } from 'vitest'
import { fleetFaultsTest } from '../../src/routing/shared/fleet-faults.suite.ts'
import { fleetReferenceTest } from '../../src/routing/shared/fleet.suite.ts'
import { createServerGround } from '../../src/routing/shared/testing/server-ground.ts'
import { createRedisStore } from '../../src/store/redis/redis.ts'
import { startRedis } from '../support/redis-server.ts'
import { until } from '../support/wait.ts'

/** Replicas' pools over a real server, whose clock is its own. */
async function openGround() {
  const server = await startRedis()
  return createServerGround({
    openStore: async (keyPrefix) => {
      const store = createRedisStore({ url: server.url, keyPrefix })
      await until('the store is up', () => store.up() || undefined)
      return store
    },
    stop: () => server.stop(),
  })
}

// The same random lives as over the store in memory; fast-check prints the seed of one that fails.
describe('a fleet on Redis', () => {
  fleetReferenceTest(openGround, 30)
  fleetFaultsTest(openGround, 30)
})
