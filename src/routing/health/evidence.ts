import type { Clock } from '../../core/clock.ts'
import type { Connection, Credential, Model } from '../../core/entities.ts'
import type { Store } from '../../store/contract.ts'
import { outage } from '../connection-state.ts'
import { switchedOff } from '../plan.ts'
import type { PoolEntry } from '../pool-entry.ts'
import type { Pool } from '../pool.ts'
import { sharedId } from '../shared/shared-outage.ts'
import type { Schedule } from '../shared/timers.ts'
import type { Asked, Refused } from './ask.ts'
import {
  type ConnectionHealth,
  healthOf,
  type ModelHealth,
  modelHealthOf,
  type Refusal,
} from './connection-health.ts'
import { createCredentialEvidence, type CredentialHealth, isCredentialId } from './credential-evidence.ts'
import { createNotebook, type Notebook } from './notebook.ts'
import { createEvidenceSharing, type EvidenceSharing } from './share-evidence.ts'
import type { Sighting, Sightings } from './sightings.ts'

/** What is known of the health of connections and credentials: seen here, or told by other replicas. */
export interface HealthEvidence extends EvidenceSharing {
  connection(connection: Connection): ConnectionHealth
  /** Of its enabled connections. */
  model(model: Pick<Model, 'connections'>): ModelHealth
  credential(credential: Credential): CredentialHealth
  /** Whether a credential was refused when it was last judged, whatever has passed since. */
  credentialRefused(credential: Credential): boolean
  /** When a connection last succeeded, and when it was last probed, ms since 1970; -Infinity for never. */
  lastGood(connection: Connection): { readonly success: number; readonly probe: number }
  /** A probe has ended, and the pool has been told. */
  probed(connection: Connection, asked: Asked): void
  /** A credential as such was refused by a check of it or a validation, or (null) accepted. */
  credentialJudged(credential: Credential, refused: Pick<Refused, 'reason' | 'message'> | null): void
}

export interface EvidenceOptions {
  readonly pool: Pool
  /** Of the snapshot that is current. */
  readonly connections: () => Iterable<Connection>
  readonly store: Pick<Store, 'evidence' | 'up' | 'onLink'>
  /** `health.interval_seconds`, in ms. */
  readonly intervalMs: number
  readonly clock: Clock
  readonly schedule: Schedule
  /** The store failed: to be logged; it is told again. */
  readonly onStoreFault: (error: unknown) => void
}

/** The store keeps a judgement of a credential as long. */
const keepMs = 7 * 24 * 3_600_000

/** Traffic costs nothing here: what the pool notes anyway is read now and then. */
export function createEvidence(options: EvidenceOptions): HealthEvidence {
  const { pool, connections, store, intervalMs, clock } = options
  const notebook = createNotebook({ store: store.evidence, clock })
  const refusals = new Map<string, Refusal>()
  const sharing = createEvidenceSharing({ ...options, notebook, gather })
  const credentials = createCredentialEvidence({ notebook, connections, successInPool, clock })

  function seen(connection: Connection): Sightings {
    noteTraffic(notebook, pool.entry(connection))
    return notebook.seen(sharedId(connection))
  }

  function gather(): void {
    const kept = new Set<string>()
    for (const connection of connections()) {
      kept.add(sharedId(connection))
      const entry = pool.find(connection.id)
      if (entry !== undefined) noteTraffic(notebook, entry)
    }
    const oldest = clock.now() - keepMs
    // A credential may be judged that no connection uses.
    notebook.retain((id, newest) => kept.has(id) || (isCredentialId(id) && newest > oldest))
    for (const id of refusals.keys()) if (!kept.has(id)) refusals.delete(id)
  }

  function health(connection: Connection): ConnectionHealth {
    const refusal = refusals.get(sharedId(connection)) ?? null
    return healthOf({ entry: pool.entry(connection), seen: seen(connection), refusal, clock, intervalMs })
  }

  function successInPool(connection: Connection): number {
    if (pool.entry(connection).state.kind !== 'ready') return -Infinity
    return seen(connection).success?.at ?? -Infinity
  }

  return {
    ...sharing,
    connection: health,
    model: (model) => modelHealthOf(model.connections.filter(isOn).map(health)),
    credential: (credential) => credentials.health(credential),
    credentialRefused: (credential) => credentials.wasRefused(credential),
    credentialJudged: (credential, refused) => credentials.judged(credential, refused),
    lastGood(connection) {
      const { success, failure } = seen(connection)
      const refusal = refusals.get(sharedId(connection))
      const probes = [success, failure].map((one) => (one?.by === 'probe' ? one.at : -Infinity))
      return { success: success?.at ?? -Infinity, probe: Math.max(...probes, refusal?.at ?? -Infinity) }
    },
    probed(connection, asked) {
      const id = sharedId(connection)
      const at = clock.now()
      if (!asked.ok && asked.reason === null) refusals.set(id, { at, message: asked.message })
      else notebook.note(id, asked.ok ? 'success' : 'failure', sightingOf(asked, at))
    },
  }
}

/** Under what the pool's own connection asks, which may be newer than a caller's. */
function noteTraffic(notebook: Notebook, entry: PoolEntry): void {
  const { connection, lastSuccess, lastFailure, latency, state } = entry
  const id = sharedId(connection)
  const traffic = { by: 'traffic', latencyMs: null, reason: null, message: null } as const
  if (lastSuccess !== null) {
    notebook.note(id, 'success', { ...traffic, at: lastSuccess, latencyMs: latency?.ms ?? null })
  }
  if (lastFailure === null) return
  const out = outage(state)
  const { reason, message } = out ?? traffic
  notebook.note(id, 'failure', { ...traffic, at: lastFailure, reason, message })
}

function isOn(connection: Connection): boolean {
  return switchedOff(connection) === null
}

function sightingOf(asked: Asked, at: number): Sighting {
  if (asked.ok) return { at, by: 'probe', latencyMs: asked.latencyMs, reason: null, message: null }
  return { at, by: 'probe', latencyMs: null, reason: asked.reason, message: asked.message }
}
