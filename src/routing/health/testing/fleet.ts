import { setImmediate as breathe } from 'node:timers/promises'
import type { Connection, Credential } from '../../../core/entities.ts'
import { Secret } from '../../../core/secret.ts'
import { defaultCooldown } from '../../cooldown.ts'
import { createMemoryPool, type Pool } from '../../pool.ts'
import { createManualTimers, type ManualTimers } from '../../shared/testing/manual-timers.ts'
import { makeConnection } from '../../testing/scene.ts'
import type { Asker } from '../ask.ts'
import { createEvidence, type HealthEvidence } from '../evidence.ts'
import { createProber, type Prober } from '../prober.ts'
import type { CheckResult } from '../probes.ts'
import { createAsking } from './asking.ts'
import { createMemoryStore, type MemoryStore } from './memory-store.ts'
import { chatAnswer } from './provider-cases.ts'
import { startUpstream, type Upstream } from './upstream.ts'

export interface Replica {
  readonly pool: Pool
  readonly evidence: HealthEvidence
  readonly prober: Prober
  readonly checks: CheckResult[]
}

export interface Fleet {
  readonly timers: ManualTimers
  readonly memory: MemoryStore
  readonly upstream: Upstream
  readonly replicas: readonly Replica[]
  /** What every replica's snapshot has. */
  connections: readonly Connection[]
  /** Model names of the calls that the upstream has seen, and at which moment (ms since the beginning). */
  readonly asked: { readonly model: string; readonly at: number }[]
  readonly asking: { most: number; now: number }
  readonly faults: unknown[]
  readonly advance: (ms: number) => Promise<void>
  /** Waits until nobody asks anything. */
  readonly settled: () => Promise<void>
  /** Throws where a fault of the gateway's own has shown. */
  readonly close: () => Promise<void>
}

export interface FleetOptions {
  readonly replicas?: number
  readonly isEnabled?: boolean
  readonly maxConcurrency?: number
  readonly intervalMs?: number
}

/** Replicas with a store in common, before the real way to an upstream on loopback; time moves when told. */
export async function createFleet({
  replicas: count = 1,
  isEnabled = true,
  maxConcurrency = 8,
  intervalMs = 300_000,
}: FleetOptions = {}): Promise<Fleet> {
  const timers = createManualTimers()
  const { clock, schedule } = timers
  const memory = createMemoryStore(clock)
  const asked: Fleet['asked'] = []
  const upstream = await startUpstream(() => chatAnswer)
  const { asker, providers, faults, close: closeAsking } = createAsking({ clock, schedule })
  const asking = { most: 0, now: 0 }
  const counted = countAsks(asker, asking, ({ modelName }) =>
    asked.push({ model: modelName, at: clock.monotonic() }),
  )
  const snapshot: { connections: readonly Connection[] } = { connections: [] }

  const replicas = Array.from({ length: count }, (_, index): Replica => {
    const pool = createMemoryPool({ clock, random: () => 0.5, settings: defaultCooldown })
    const checks: CheckResult[] = []
    const shared = { pool, connections: () => snapshot.connections, intervalMs, clock, schedule }
    const evidence = createEvidence({
      ...shared,
      store: memory.store,
      onStoreFault: (error) => faults.push(error),
    })
    const prober = createProber({
      ...shared,
      asker: counted,
      evidence,
      providers,
      store: memory.store,
      holder: `replica-${index}`,
      isEnabled,
      maxConcurrency,
      onCheck: (result) => checks.push(result),
      onFault: (error) => faults.push(error),
      random: () => (index + 1) / (count + 1),
    })
    return { pool, evidence, prober, checks }
  })

  async function settled(): Promise<void> {
    for (let quiet = 0; quiet < 8; quiet = asking.now === 0 ? quiet + 1 : 0) await breathe()
  }

  return {
    timers,
    memory,
    upstream,
    replicas,
    get connections() {
      return snapshot.connections
    },
    set connections(connections) {
      snapshot.connections = connections
      for (const { pool } of replicas) pool.retain(connections)
    },
    asked,
    asking,
    faults,
    advance: (ms) => timers.advance(ms, settled),
    settled,
    async close() {
      for (const { prober, evidence } of replicas) {
        await prober.close()
        await evidence.close()
      }
      await closeAsking()
      await upstream.stop()
      if (faults.length > 0) throw new AggregateError(faults, 'faults of the gateway’s own')
    },
  }
}

function countAsks(
  asker: Asker,
  asking: { most: number; now: number },
  onProbe: (connection: Connection) => void,
): Asker {
  const count = async <Result>(asked: Promise<Result>): Promise<Result> => {
    asking.most = Math.max(asking.most, ++asking.now)
    return asked.finally(() => asking.now--)
  }
  return {
    ask: (question) => count(asker.ask(question)),
    probe(connection, signal, stream) {
      onProbe(connection)
      return count(asker.probe(connection, signal, stream))
    },
    attempt: (connection, signal, work) => count(asker.attempt(connection, signal, work)),
  }
}

/** An account at an OpenAI-shaped upstream on loopback. */
export function accountAt({ url }: Upstream, change: Partial<Credential> = {}): Credential {
  return {
    id: 'credential-1',
    name: 'main',
    type: 'API_KEY',
    provider: 'openai',
    status: 'active',
    settings: { base_url: url },
    secrets: { api_key: new Secret('key-0123456789abcdef') },
    version: '1',
    managedBy: 'store',
    ...change,
  }
}

/** Connections whose upstream models have their own names. */
export function connectionsOf(credential: Credential, ...names: readonly string[]): Connection[] {
  return names.map((name) => makeConnection(name, { credential, provider: 'openai', modelName: name }))
}
