import { collectDefaultMetrics, type Registry } from 'prom-client'

/** Gauges with a counter's name, which Prometheus's own check refuses; each is the sum of one that is there by type. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/** prom-client's process, event-loop and garbage-collection metrics. */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  for (const name of misnamed) registry.removeSingleMetric(name)
}
