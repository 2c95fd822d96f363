import { Counter, Gauge, Registry } from 'prom-client'
import { addProcessMetrics } from './process-metrics.ts'

/** What the process that keeps workers counts itself. */
export interface WorkerMetrics {
  /** A worker has ended without having been told to. */
  readonly ended: () => void
  readonly render: () => Promise<string>
}

export function createWorkerMetrics({ serving }: { serving: () => number }): WorkerMetrics {
  const registry = new Registry()
  new Gauge({
    name: 'modelgate_workers',
    help: 'Processes of this gateway that serve.',
    registers: [registry],
    collect() {
      this.set(serving())
    },
  })
  const ends = new Counter({
    name: 'modelgate_worker_exits_total',
    help: 'Workers that ended without having been told to.',
    registers: [registry],
  })
  addProcessMetrics(registry)
  return {
    ended: () => ends.inc(),
    render: () => registry.metrics(),
  }
}
