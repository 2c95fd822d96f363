import type { OutageChange, RegistryPosition, Store } from '../contract.ts'
import { createListeners } from '../listeners.ts'
import { createAudit } from './audit.ts'
import { createBlobs } from './blobs.ts'
import { createEvidence } from './evidence.ts'
import { createDescribe } from './failure.ts'
import { createKeys } from './keys.ts'
import { createLeases } from './leases.ts'
import { createLink } from './link.ts'
import { createPool, readOutageChange } from './pool.ts'
import { createRegistry, readPosition } from './registry.ts'
import { createRunScript } from './scripts.ts'
import { openSession } from './session.ts'
import { readSettings, type RedisAddressing } from './settings.ts'

export interface RedisStoreOptions extends RedisAddressing {
  /** What all keys and channels begin with, in braces. */
  readonly keyPrefix?: string
  /** For one command, ms. */
  readonly commandTimeoutMs?: number
  /** For everything that is read in pages, ms. */
  readonly fetchTimeoutMs?: number
  /** For connecting and whatever goes before the first command, ms; a few times that, where others say where to connect. */
  readonly connectTimeoutMs?: number
  /** How often a quiet connection is asked whether it lives, ms. */
  readonly pingIntervalMs?: number
  readonly random?: () => number
  /** What an operator should know; names no secret. Must not throw. */
  readonly onWarning?: (message: string) => void
}

/**
 * The store that replicas share: Redis 7 or newer (or Valkey), alone, watched by Sentinel, or a Cluster. Answers at once
 * and connects for ever; until it is up, whatever it is asked fails at once. Throws an Error where the options make no
 * sense.
 */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { keyPrefix = 'modelgate', commandTimeoutMs = 1_000, fetchTimeoutMs = 30_000 } = options
  const { connectTimeoutMs = 2_000, pingIntervalMs = 1_000, random = Math.random } = options
  const { onWarning = () => undefined } = options
  const settings = readSettings(options)
  const keys = createKeys({ prefix: keyPrefix, database: settings.database })
  const registryNews = createListeners<RegistryPosition>()
  const poolNews = createListeners<OutageChange>()
  const warnedOf = new Set<string>()

  function hear(channel: string, message: string): void {
    try {
      const position = channel === keys.registryChannel ? readPosition(message) : null
      if (position !== null) registryNews.tell(position)
      const change = channel === keys.poolChannel ? readOutageChange(message) : null
      if (change !== null) poolNews.tell(change)
    } catch {
      // Somebody else's: ours are as they are read.
    }
  }

  const link = createLink({
    open: (opening) =>
      openSession({
        ...opening,
        settings,
        describe: createDescribe(settings.password),
        key: keys.registry,
        sign: keys.sign,
        channels: [keys.registryChannel, keys.poolChannel],
        onMessage: hear,
        onWarning(message) {
          if (!warnedOf.has(message)) onWarning(message)
          warnedOf.add(message)
        },
        timeoutMs: connectTimeoutMs,
        pingIntervalMs,
        pingTimeoutMs: commandTimeoutMs,
      }),
    random,
    onWarning,
  })
  const run = createRunScript({ link, timeoutMs: commandTimeoutMs })
  const parts = { link, run, keys }
  const paged = { run, keys, timeoutMs: fetchTimeoutMs }

  return {
    blobs: createBlobs({ ...parts, timeoutMs: commandTimeoutMs }),
    registry: createRegistry({ ...paged, news: registryNews }),
    audit: createAudit(parts),
    pool: createPool({ ...paged, news: poolNews }),
    leases: createLeases(parts),
    evidence: createEvidence(paged),
    shared: true,
    up: () => link.up(),
    onLink: (listener) => link.onChange(listener),
    close: () => link.close(),
  }
}
