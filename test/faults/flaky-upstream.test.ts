import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createFleet } from '../support/fleet.ts'
import { metric } from '../support/metrics.ts'
import { chatModel } from '../support/scene.ts'
import { seededRandom } from '../support/seeded.ts'
import { chatAnswer, failure, type Script } from '../support/upstream.ts'

const requests = 3_000

it.each([
  // It is ejected when three failures come in a row, and is back after its cooldown: again and again.
  { width: 8, cooldown: { base_seconds: 1, max_seconds: 1 } },
  { width: 24, cooldown: { base_seconds: 3, max_seconds: 3 } },
  // As it is without settings: ejected for 30 s.
  { width: 50, cooldown: {} },
])(
  'an upstream that fails 30 % of requests, at random, is hidden behind a good one: %j',
  { timeout: 120_000 },
  async ({ width, cooldown }) => {
    const seed = Math.floor(Math.random() * 2 ** 32)
    const random = seededRandom(seed)
    const after =
      (script: Script): Script =>
      async (...answer) => {
        await sleep(5 + 20 * random())
        return script(...answer)
      }
    const well = chatAnswer('well')
    const fleet = await createFleet({
      upstreams: {
        flaky: after((...answer) => (random() < 0.3 ? failure(500, 'a bad moment') : well)(...answer)),
        good: after(well),
      },
      config: (urls) => {
        const model = chatModel('gpt', urls) as { connections: Record<string, unknown>[] }
        for (const connection of model.connections) connection['priority'] = 0
        return { models: [model], cooldown }
      },
    })
    try {
      const [gateway] = fleet.replicas
      if (gateway === undefined) throw new Error('there is no gateway')
      const statuses: number[] = []
      let next = 0
      const worker = async () => {
        while (next < requests) {
          const response = await fleet.chat(gateway, { stream: next++ % 2 === 0 })
          await response.text()
          statuses.push(response.status)
        }
      }
      await Promise.all(Array.from({ length: width }, worker))
      const flaky = fleet.upstreams['flaky']?.requests.length ?? 0
      const sent = flaky + (fleet.upstreams['good']?.requests.length ?? 0)
      const failed = statuses.filter((status) => status !== 200)
      const ejections = await metric(gateway, 'modelgate_cooldowns_total')
      console.log(
        `seed ${seed}, ${width} at a time: ${failed.length} of ${requests} failed, ` +
          `${(sent / requests).toFixed(3)} attempts a request, ${flaky} to the flaky one, ${ejections} ejections`,
      )
      expect(statuses).toHaveLength(requests)
      expect(failed.length / requests).toBeLessThan(0.01)
      expect(sent / requests).toBeLessThan(1.2)
      expect(await metric(gateway, 'modelgate_upstream_attempts_total')).toBe(sent)
      // That it was asked at all: how often depends on how soon three failures come in a row.
      expect(flaky).toBeGreaterThanOrEqual(3)
    } finally {
      await fleet.stop()
    }
  },
)
