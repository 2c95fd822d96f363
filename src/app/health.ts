import { randomUUID } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import type { Provider } from '../core/provider.ts'
import type { Registry } from '../registry/snapshot.ts'
import { type Asker, createAsker } from '../routing/health/ask.ts'
import { createEvidence, type HealthEvidence } from '../routing/health/evidence.ts'
import { createProber, type Prober } from '../routing/health/prober.ts'
import { createValidate, type Validate } from '../routing/health/validate.ts'
import type { Pool } from '../routing/pool.ts'
import { systemSchedule } from '../routing/shared/timers.ts'
import type { Store } from '../store/contract.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Outbound } from './outbound.ts'
import { connectionsOf } from './pool.ts'

export interface HealthPartOptions {
  readonly config: Config
  readonly store: Store
  readonly registry: Registry
  readonly pool: Pool
  readonly providers: ReadonlyMap<string, Provider>
  readonly outbound: Pick<Outbound, 'transport' | 'sign' | 'withoutSecrets'>
  readonly holder: string
  readonly metrics: Pick<Metrics, 'healthCheck' | 'sample'>
  readonly log: Log
  readonly clock: Clock
}

export interface HealthPart {
  readonly asker: Asker
  readonly evidence: HealthEvidence
  readonly prober: Prober
  readonly validate: Validate
}

/** What is known of the health of connections, and who asks. */
export function createHealthPart(options: HealthPartOptions): HealthPart {
  const { config, store, registry, pool, providers, outbound, holder, metrics, log, clock } = options
  const { health, upstream } = config
  const intervalMs = health.interval_seconds * 1_000
  const connections = () => connectionsOf(registry)
  const asker = createAsker({
    providers,
    transport: outbound.transport,
    sign: outbound.sign,
    withoutSecrets: outbound.withoutSecrets,
    timeoutMs: health.timeout_seconds * 1_000,
    connectMs: upstream.connect_timeout_ms,
    clock,
    schedule: systemSchedule,
    makeId: randomUUID,
    onFault: (error) => log.error('a question to an upstream failed within the gateway', { error }),
  })
  const evidence = createEvidence({
    pool,
    connections,
    store,
    intervalMs,
    clock,
    schedule: systemSchedule,
    onStoreFault: (error) => log.debug('health evidence was not shared', { error }),
  })
  const prober = createProber({
    pool,
    asker,
    evidence,
    providers,
    connections,
    store,
    holder,
    isEnabled: health.enabled,
    intervalMs,
    maxConcurrency: health.max_concurrency,
    onCheck: (result) => metrics.healthCheck(result),
    onFault: (error) => log.error('a probe failed within the gateway', { error }),
    clock,
    schedule: systemSchedule,
    random: Math.random,
  })
  metrics.sample.healthChecks(() =>
    connections().flatMap((connection) => {
      const { lastChecked } = evidence.connection(connection)
      return lastChecked === null
        ? []
        : [{ model: connection.model, connection: connection.name, checkedAt: lastChecked }]
    }),
  )
  return { asker, evidence, prober, validate: createValidate({ asker }) }
}
