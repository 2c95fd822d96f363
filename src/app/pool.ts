import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import type { Connection } from '../core/entities.ts'
import type { Registry } from '../registry/snapshot.ts'
import { createLoneLink } from '../routing/lone-link.ts'
import type { PoolLink } from '../routing/pool-link.ts'
import { createMemoryPool, type Pool } from '../routing/pool.ts'
import { createRouter, type Router } from '../routing/router.ts'
import { createSharedLink } from '../routing/shared/shared-link.ts'
import type { Store } from '../store/contract.ts'

export interface PoolPartOptions {
  readonly config: Config
  readonly store: Store
  readonly registry: Registry
  readonly holder: string
  /** As `SharedLinkOptions.onUnusedTrial`. */
  readonly onUnusedTrial: (connection: Connection) => boolean
  readonly clock: Clock
}

export interface PoolPart {
  readonly pool: Pool
  readonly router: Router
  start(): Promise<void>
  stop(): Promise<void>
}

/** Which connection next, as the whole fleet knows them. */
export function createPoolPart(options: PoolPartOptions): PoolPart {
  const { config, registry, clock } = options
  const { cooldown, upstream } = config
  const { link, join, leave } = linkOf(options)
  const pool = createMemoryPool({
    clock,
    link,
    trialMs: upstream.total_timeout_ms,
    settings: {
      baseSeconds: cooldown.base_seconds,
      rateLimitSeconds: cooldown.rate_limit_seconds,
      maxSeconds: cooldown.max_seconds,
      failures: cooldown.failures,
      failureRatio: cooldown.failure_ratio,
      minRequests: cooldown.min_requests,
      windowSeconds: cooldown.window_seconds,
    },
  })
  const retain = () => pool.retain(connectionsOf(registry))
  registry.onChange(retain)
  return {
    pool,
    router: createRouter({
      pool,
      clock,
      retry: { maxAttempts: upstream.max_attempts, retryTimeouts: upstream.retry_timeouts },
    }),
    async start() {
      retain()
      await join(pool)
    },
    stop: leave,
  }
}

interface Joining {
  readonly link: PoolLink
  readonly join: (pool: Pool) => Promise<void>
  readonly leave: () => Promise<void>
}

/** One process by itself has nobody to tell, and no trial to share. */
function linkOf({ store, holder, onUnusedTrial, clock }: PoolPartOptions): Joining {
  if (!store.shared) {
    const link = createLoneLink({ onUnusedTrial, clock })
    return { link, join: async () => undefined, leave: async () => link.close() }
  }
  const link = createSharedLink({ store, holder, onUnusedTrial, clock })
  return { link, join: (pool) => link.attach(pool), leave: () => link.close() }
}

/** Every connection that is declared now. */
export function connectionsOf(registry: Registry): Connection[] {
  return registry
    .current()
    .models()
    .flatMap(({ connections }) => connections)
}
