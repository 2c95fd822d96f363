import { createMetrics } from '../../src/telemetry/metrics.ts'
import { parseExposition } from '../../src/telemetry/testing/exposition.ts'
import type { Series } from './promql.ts'

/** What a gateway without Redis does not expose: the metric's absence is then no alarm. */
export const onlyWithRedis = ['modelgate_redis_up']

export function seriesOf(exposition: string): Series[] {
  return [...parseExposition(exposition).values()].flatMap(({ samples }) =>
    samples.map(({ name, labels }) => ({ name, labels })),
  )
}

/** What the gateway's own telemetry says once it is told of Redis. */
export async function seriesWithRedis(): Promise<Series[]> {
  const metrics = createMetrics({ version: '0.0.0', withProcess: false })
  metrics.redisUp(true)
  const series = seriesOf(await metrics.render())
  metrics.close()
  return series.filter(({ name }) => onlyWithRedis.includes(name))
}
