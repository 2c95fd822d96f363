import { randomUUID } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import type { Provider } from '../core/provider.ts'
import { loadMasterKeys } from '../registry/master-key.ts'
import { createVault } from '../registry/vault.ts'
import type { Log } from '../telemetry/log.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { createAccess } from './access.ts'
import { createHealthPart, type HealthPart } from './health.ts'
import { createOutbound } from './outbound.ts'
import { createPoolPart } from './pool.ts'
import { createRegistryPart, type RegistryPart } from './registry.ts'
import { openStore } from './store.ts'

export interface PartsOptions {
  readonly config: Config
  readonly providers: ReadonlyMap<string, Provider>
  readonly log: Log
  readonly version: string
  readonly clock: Clock
  /** Whether this process is the one that writes to `data_dir`. */
  readonly isKeeper: boolean
}

export type Parts = ReturnType<typeof createParts>

/** What both planes stand on, wired together. Throws where state cannot be opened. */
export function createParts({ config, providers, log, version, clock, isKeeper }: PartsOptions) {
  const metrics = createMetrics({ version })
  const outbound = createOutbound({ config, clock, metrics })
  const store = openStore({ config, log, serves: true })
  const { data_dir: dataDir } = config.state
  const vault = createVault({ keys: config.master_keys ?? loadMasterKeys({ dataDir }) })
  const { fetchText } = outbound
  const access = createAccess({ config, store, vault, fetchText, metrics, log, clock })
  const part = createRegistryPart({ config, store, vault, providers, log, clock, isKeeper })
  const { registry } = part
  const holder = randomUUID()
  // The pool has a trial that nobody uses probed, and the prober needs the pool.
  let health: HealthPart | null = null
  const pooling = createPoolPart({
    config,
    store,
    registry,
    holder,
    onUnusedTrial: (connection) => health?.prober.checkTrial(connection) ?? false,
    clock,
  })
  const { pool } = pooling
  const shared = { config, store, registry, pool, providers, outbound, holder, metrics, log, clock }
  health = createHealthPart(shared)
  const { evidence, prober } = health

  return {
    metrics,
    outbound,
    store,
    access,
    part,
    pooling,
    health,
    /** Resolves once the state was asked for, whatever it answered. Rejects where another master key sealed it. */
    async start() {
      registry.onChange(() => access.revoke(revokedTokens(part)))
      await part.start()
      await pooling.start()
      evidence.start()
      prober.start()
    },
    /** Once no request is under way. */
    async stop() {
      await evidence.close()
      await pooling.stop()
      await part.stop()
      await outbound.destroy()
      await Promise.all([...providers.values()].map(async (provider) => provider.close?.()))
      await store.close()
    },
  }
}

/** Of the gateway's own keys those that were revoked before their end. */
function revokedTokens({ sync }: RegistryPart) {
  return [...sync.state().keys.values()].flatMap(({ revoked_at: at, token_id: tokenId, expires_at: end }) =>
    at === null ? [] : [{ tokenId, expiresAt: Math.ceil(Date.parse(end) / 1000) }],
  )
}
