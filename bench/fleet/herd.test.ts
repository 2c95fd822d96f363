import { expect, it } from 'vitest'
import type { Costs } from './costs.ts'
import { simulateHerd } from './herd.ts'
import type { Cost } from './server-cost.ts'

const cost = (cpuUs: number): Cost => ({ name: '', cpuUs, bytesIn: 0, bytesOut: 0 })
/** As measured (docs/scaling.md). */
const costs = {
  fetchNone: cost(13),
  fetchEach: cost(2.5),
  idle: cost(76),
  connect: cost(382),
} as Costs

it('a thousand replicas read the registry at once: nobody waits too long, and nothing is read twice', async () => {
  const replicas = 1_000
  const { begun, lost, waitMs, doneAfterMs, seconds } = await simulateHerd({
    replicas,
    entities: 2_000,
    costs,
  })
  expect(doneAfterMs).not.toBeNull()
  expect({ begun, lost, late: seconds.reduce((sum, one) => sum + (one?.late ?? 0), 0) }).toEqual({
    begun: replicas,
    lost: 0,
    late: 0,
  })
  expect(waitMs).toBeLessThan(500)
})

it('where Redis is slower still, what was read in time is kept', async () => {
  const { begun, doneAfterMs, seconds } = await simulateHerd({
    replicas: 100,
    entities: 1_000,
    costs: { ...costs, fetchEach: cost(150) },
  })
  expect(begun).toBeGreaterThan(100)
  expect(doneAfterMs).not.toBeNull()
  const pages = seconds.reduce((sum, one) => sum + (one?.calls['fetch'] ?? 0), 0)
  const late = seconds.reduce((sum, one) => sum + (one?.late ?? 0), 0)
  // Each page once, and again where it came too late.
  expect(pages).toBeLessThanOrEqual(100 * 10 + late)
})
