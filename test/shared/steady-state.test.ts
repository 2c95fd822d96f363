import { afterAll, expect, it } from 'vitest'
import { createFleet, type Fleet } from '../support/fleet.ts'
import type { Gateway } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { chatModel } from '../support/scene.ts'

const requests = 2_000
const width = 30

let redis: RedisServer | null = null
let running: Fleet | null = null
afterAll(async () => {
  await running?.stop()
  await redis?.stop()
})

/** Commands that the server has carried out, those within scripts included, by name. */
async function commands(server: RedisServer): Promise<Map<string, number>> {
  const text = String(await server.call('info', 'commandstats'))
  return new Map(
    [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = '', calls]) => [name, Number(calls)]),
  )
}

it('requests ask Redis nothing while all is well', { timeout: 60_000 }, async () => {
  redis = await startRedis()
  const fleet = await createFleet({
    redis: { url: redis.url },
    upstreams: { first: undefined, second: undefined },
    config: (urls) => ({ models: [chatModel('gpt', urls)], health: { enabled: true } }),
  })
  running = fleet
  const [replica] = fleet.replicas as [Gateway]
  expect((await fleet.chat(replica)).status).toBe(200)
  const before = await commands(redis)
  const from = performance.now()
  const statuses: number[] = []
  let next = 0
  const worker = async () => {
    while (next < requests) {
      const response = await fleet.chat(replica, { stream: next++ % 2 === 0 })
      await response.text()
      statuses.push(response.status)
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
  const seconds = (performance.now() - from) / 1_000
  const after = await commands(redis)
  const made = [...after].map(([name, calls]): [string, number] => [name, calls - (before.get(name) ?? 0)])
  const total = made.reduce((sum, [, calls]) => sum + calls, 0)
  console.log(
    `${requests} requests in ${seconds.toFixed(1)} s, ${total} commands, ` +
      `${(total / requests).toFixed(3)} a request: ${made.filter(([, calls]) => calls > 0).join(' ')}`,
  )
  expect(statuses.filter((status) => status === 200)).toHaveLength(requests)
  // What there is goes by time: pings, leases, and the comparing of what was told.
  expect(total / requests).toBeLessThanOrEqual(0.05)
})
