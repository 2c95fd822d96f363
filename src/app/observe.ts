import type { Gate } from '../proxy/gate.ts'
import type { Registry, Snapshot } from '../registry/snapshot.ts'
import type { Router } from '../routing/router.ts'
import type { Metrics } from '../telemetry/metrics.ts'

export interface ObserveOptions {
  readonly metrics: Metrics
  readonly registry: Registry
  readonly router: Router
  readonly gate: Gate
}

/** Joins what happens in the parts to the metrics that tell it. */
export function observe({ metrics, registry, router, gate }: ObserveOptions): void {
  const known = (snapshot: Snapshot) => ({
    models: snapshot.models(),
    teams: [
      ...snapshot.teams().map((team) => team.name),
      ...snapshot.models().flatMap(({ teamAccess }) => (teamAccess === 'all' ? [] : [...teamAccess])),
    ],
  })
  metrics.retain(known(registry.current()))
  registry.onChange((snapshot) => {
    metrics.retain(known(snapshot))
  })
  router.onTransition(({ isEjection, to }) => {
    if (isEjection && 'reason' in to) metrics.cooldown(to.reason)
  })
  metrics.draining(false)
  // What one process keeps for itself is always current.
  metrics.sample.snapshotAge(() => 0)
  metrics.sample.inflight(() => gate.inflight)
  metrics.sample.connections(() =>
    registry
      .current()
      .models()
      .flatMap(({ connections }) =>
        connections.map((connection) => ({
          model: connection.model,
          connection: connection.name,
          state: router.status(connection).state,
        })),
      ),
  )
}
