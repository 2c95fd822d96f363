import { Gauge, type Registry } from 'prom-client'
import { clip } from './labels.ts'

export const connectionStates = ['ready', 'cooling', 'trial', 'unhealthy', 'disabled'] as const
export type ConnectionState = (typeof connectionStates)[number]

const credentialStatuses = ['active', 'inactive', 'error'] as const

export interface ConnectionSample {
  readonly model: string
  readonly connection: string
  readonly state: ConnectionState
}

export interface HealthCheckSample {
  readonly model: string
  readonly connection: string
  /** Ms since 1970. */
  readonly checkedAt: number
}

export interface CredentialSample {
  /** The credential's name. */
  readonly credential: string
  /** Since its secret last changed; null where that is not known. */
  readonly ageSeconds: number | null
  /** Negative once it has expired; null where it does not expire. */
  readonly expiresInSeconds: number | null
  readonly status: (typeof credentialStatuses)[number]
}

/**
 * Gauges that are read at each scrape, so that what is gone is gone from them too. Each is given its source once, and
 * is absent until then; a second source throws. Sources must not throw.
 */
export interface SampledMetrics {
  inflight(read: () => number): void
  /** Seconds since the registry's snapshot was last known to be current. */
  snapshotAge(read: () => number): void
  connections(read: () => Iterable<ConnectionSample>): void
  /** The last probe, or success that stood in for one, of each connection that had any. */
  healthChecks(read: () => Iterable<HealthCheckSample>): void
  credentials(read: () => Iterable<CredentialSample>): void
}

export function createSampledMetrics(registry: Registry): SampledMetrics {
  return {
    inflight: (read) =>
      gauge(registry, 'modelgate_inflight_requests', 'Requests being handled.', [], () => [
        { labels: {}, value: read() },
      ]),
    snapshotAge: (read) =>
      gauge(
        registry,
        'modelgate_snapshot_age_seconds',
        'Since the snapshot of the registry was last known to be current.',
        [],
        () => [{ labels: {}, value: read() }],
      ),
    connections: (read) =>
      gauge(
        registry,
        'modelgate_connection_state',
        'The pool: 1 for the state that a connection is in, 0 for the others.',
        ['model', 'connection', 'state'],
        () =>
          Array.from(read()).flatMap(({ model, connection, state }) =>
            oneHot({ model, connection }, 'state', connectionStates, state),
          ),
      ),
    healthChecks: (read) =>
      gauge(
        registry,
        'modelgate_health_last_check_timestamp_seconds',
        'When a connection was last judged, in Unix time.',
        ['model', 'connection'],
        () =>
          Array.from(read(), ({ model, connection, checkedAt }) => ({
            labels: { model, connection },
            value: checkedAt / 1000,
          })),
      ),
    credentials: (read) => exposeCredentials(registry, read),
  }
}

function exposeCredentials(registry: Registry, read: () => Iterable<CredentialSample>): void {
  gauge(
    registry,
    'modelgate_credential_age_seconds',
    'Since the secret of a credential last changed.',
    ['credential'],
    () =>
      Array.from(read()).flatMap(({ credential, ageSeconds }) =>
        ageSeconds === null ? [] : [{ labels: { credential }, value: ageSeconds }],
      ),
  )
  gauge(
    registry,
    'modelgate_credential_expires_seconds',
    'Until a credential expires; negative once it has. Absent where it does not.',
    ['credential'],
    () =>
      Array.from(read()).flatMap(({ credential, expiresInSeconds }) =>
        expiresInSeconds === null ? [] : [{ labels: { credential }, value: expiresInSeconds }],
      ),
  )
  gauge(
    registry,
    'modelgate_credential_status',
    '1 for the status that a credential has, 0 for the others.',
    ['credential', 'status'],
    () =>
      Array.from(read()).flatMap(({ credential, status }) =>
        oneHot({ credential }, 'status', credentialStatuses, status),
      ),
  )
}

interface GaugeSample {
  readonly labels: Record<string, string>
  readonly value: number
}

function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  read: () => GaugeSample[],
): void {
  const collect = function (this: Gauge) {
    this.reset()
    for (const { labels, value } of read()) this.set(clipped(labels), value)
  }
  registry.registerMetric(new Gauge({ name, help, labelNames, registers: [], collect }))
}

/** All values that there are, so that an alert on one of them sees it go as well as come. */
function oneHot(
  labels: Record<string, string>,
  label: string,
  values: readonly string[],
  current: string,
): GaugeSample[] {
  return values.map((value) => ({ labels: { ...labels, [label]: value }, value: Number(value === current) }))
}

function clipped(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, clip(value)]))
}
