import type { Connection, Credential, Model, Policy } from '../../core/entities.ts'
import type { AttemptOutcome, FailureReason } from '../../core/failure.ts'
import type { CooldownSettings } from '../cooldown.ts'
import { defaultCooldown } from '../cooldown.ts'
import type { PoolLink } from '../pool-link.ts'
import { createMemoryPool, type Pool } from '../pool.ts'
import type { RetrySettings } from '../retry-budget.ts'
import { type AttemptQuery, type Choice, createRouter, type Router } from '../router.ts'
import { createManualClock, type ManualClock } from './manual-clock.ts'

export const credential: Credential = {
  id: 'credential-1',
  name: 'main',
  type: 'API_KEY',
  provider: 'openai',
  status: 'active',
  settings: {},
  secrets: {},
  version: '1',
  managedBy: 'store',
}

export function makeConnection(name: string, change: Partial<Connection> = {}): Connection {
  return {
    id: `id-${name}`,
    name,
    modelId: 'model-1',
    model: 'gpt',
    kind: 'chat',
    provider: 'openai',
    credential,
    modelName: 'gpt-upstream',
    weight: 1,
    priority: 0,
    enabled: true,
    probe: true,
    region: null,
    overrides: {},
    custom: null,
    managedBy: 'store',
    ...change,
  }
}

export function makeModel(connections: readonly Connection[], policy: Policy = 'weighted'): Model {
  return {
    id: 'model-1',
    name: 'gpt',
    displayName: 'gpt',
    kind: 'chat',
    teamAccess: 'all',
    stages: new Set(),
    policy,
    builtin: false,
    embeddingDimensions: null,
    connections,
    created: 0,
    managedBy: 'store',
  }
}

export function failure(reason: FailureReason, retryAfterMs?: number): AttemptOutcome {
  return { kind: 'failure', reason, message: `it said ${reason}`, retryAfterMs }
}

export const success: AttemptOutcome = { kind: 'success', firstByteMs: 100 }
export const neutral: AttemptOutcome = { kind: 'neutral' }

/** Numbers in [0, 1) that look random and are the same in every run (mulberry32). */
export function seededRandom(seed = 1): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Scene {
  readonly clock: ManualClock
  readonly pool: Pool
  readonly router: Router
  readonly acquire: (model: Model, query?: Partial<AttemptQuery>) => Choice
}

export interface SceneOptions {
  settings?: Partial<CooldownSettings>
  retry?: Partial<RetrySettings>
  random?: () => number
  clock?: ManualClock
  link?: PoolLink
  trialMs?: number
}

/** A router over a pool in memory. Without a `random` of its own every jitter is none. */
export function createScene({
  settings = {},
  retry = {},
  random = () => 0.5,
  clock = createManualClock(),
  ...options
}: SceneOptions = {}): Scene {
  const pool = createMemoryPool({ settings: { ...defaultCooldown, ...settings }, clock, random, ...options })
  const router = createRouter({ pool, clock, random, retry })
  return {
    clock,
    pool,
    router,
    acquire: (model, query = {}) =>
      router.acquire({ model, connectionName: null, affinityKey: null, tried: new Set(), ...query }),
  }
}

/** One whole attempt on one connection, whatever the model would choose. */
export function tryOn(pool: Pool, connection: Connection, outcome: AttemptOutcome): void {
  pool.acquire(pool.entry(connection)).settle(outcome)
}
