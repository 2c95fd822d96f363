import type { Clock } from '../core/clock.ts'
import type { Gate } from '../proxy/gate.ts'
import type { Snapshot } from '../registry/snapshot.ts'
import type { HealthEvidence } from '../routing/health/evidence.ts'
import type { Router } from '../routing/router.ts'
import type { Store } from '../store/contract.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { CredentialSample } from '../telemetry/sampled-metrics.ts'
import type { RegistryPart } from './registry.ts'

export interface ObserveOptions {
  readonly metrics: Metrics
  readonly part: Pick<RegistryPart, 'registry' | 'sync'>
  readonly router: Router
  readonly gate: Gate
  readonly evidence: Pick<HealthEvidence, 'credential'>
  readonly store: Store
  readonly clock: Clock
}

/** Joins what happens in the parts to the metrics that tell it. */
export function observe(options: ObserveOptions): void {
  const { metrics, part, router, gate, store } = options
  const { registry, sync } = part
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
  router.onTransition(({ isEjection, to, origin }) => {
    if (isEjection && origin === 'here' && 'reason' in to) metrics.cooldown(to.reason)
  })
  metrics.draining(false)
  if (store.shared) {
    metrics.redisUp(store.up())
    store.onLink((up) => metrics.redisUp(up))
  }
  metrics.sample.snapshotAge(() => (store.shared ? (sync.ageMs() ?? 0) / 1000 : 0))
  metrics.sample.inflight(() => gate.inflight)
  metrics.sample.credentials(() => credentialSamples(options))
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

/** Of the file's credentials it is not known since when they are what they are. */
function credentialSamples({ part, evidence, clock }: ObserveOptions): CredentialSample[] {
  const stored = part.sync.state().credentials
  const now = clock.now()
  return part.registry
    .current()
    .credentials()
    .map((credential) => {
      const record = stored.get(credential.id)
      const expires = credential.settings['expires_at']
      return {
        credential: credential.name,
        ageSeconds:
          record === undefined ? null : (now - Date.parse(record.rotated_at ?? record.created_at)) / 1000,
        expiresInSeconds: expires === undefined ? null : (Date.parse(expires) - now) / 1000,
        status: evidence.credential(credential).status,
      }
    })
}
