import { setImmediate as nextTurn } from 'node:timers/promises'
import { Gauge, Registry } from 'prom-client'
import type { RequestRecord } from '../core/record.ts'
import { createEventMetrics, type EventMetrics } from './event-metrics.ts'
import { createIncidentMetrics } from './incident-metrics.ts'
import { createLabelBounds, type KnownEntities } from './labels.ts'
import { addProcessMetrics } from './process-metrics.ts'
import { createRequestMetrics } from './request-metrics.ts'
import { createSampledMetrics, type SampledMetrics } from './sampled-metrics.ts'
import { familyText, type Family } from './series.ts'

export interface MetricsOptions {
  /** The gateway's own. */
  readonly version: string
  /** Teams that are registered nowhere and yet get a label of their own. */
  readonly maxTeams?: number
  /** prom-client's process, event-loop and garbage-collection metrics. */
  readonly withProcess?: boolean
}

/** All metrics of the gateway (design §10), in a registry of their own. */
export interface Metrics extends EventMetrics {
  /** Counts one finished request. Does not throw. */
  observeRequest(record: RequestRecord): void
  /** For every new snapshot: drops the series of what has been removed, and bounds labels to what is there. */
  retain(known: KnownEntities): void
  /** Gauges read at each scrape. */
  readonly sample: SampledMetrics
  /** The exposition in Prometheus's text format. Rejects where a source of `sample` throws. */
  render(): Promise<string>
  readonly contentType: string
  /**
   * Lets go of all sources, and of the event-loop sampler with them. prom-client's observer of garbage collections
   * cannot be ended: it idles until the process exits, which it does not delay.
   */
  close(): void
}

export function createMetrics({ version, maxTeams = 1000, withProcess = true }: MetricsOptions): Metrics {
  const registry = new Registry()
  const bounds = createLabelBounds({ maxTeams })
  const requests = createRequestMetrics(bounds)
  const incidents = createIncidentMetrics(registry)
  const events = createEventMetrics(registry)
  const sample = createSampledMetrics(registry)
  new Gauge({
    name: 'modelgate_build_info',
    help: '1, with the versions of the gateway and of Node.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1)
  if (withProcess) addProcessMetrics(registry)

  return {
    ...events,
    observeRequest: (record) => {
      requests.observe(record)
      incidents.observe(record)
    },
    retain: (known) => requests.retain(bounds.retain(known)),
    sample,
    render: () => render(requests.families, registry),
    contentType: registry.contentType,
    close: () => registry.clear(),
  }
}

/** Requests get their turn between one metric and the next: large ones take milliseconds. */
async function render(families: readonly Family[], registry: Registry): Promise<string> {
  const parts: string[] = []
  for (const family of families) {
    parts.push(familyText(family))
    await nextTurn()
  }
  for (const { name } of registry.getMetricsAsArray()) {
    parts.push(await registry.getSingleMetricAsString(name))
    await nextTurn()
  }
  return `${parts.join('\n\n')}\n`
}
