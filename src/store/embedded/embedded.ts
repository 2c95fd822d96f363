import type { DatabaseSync } from 'node:sqlite'
import { type Clock, systemClock } from '../../core/clock.ts'
import type { Store } from '../contract.ts'
import { createAudit } from './audit.ts'
import { createEvidence } from './evidence.ts'
import { holdAlone } from './hold-alone.ts'
import { createLeases } from './leases.ts'
import { type OpenOptions, openDatabase } from './open-database.ts'
import { createPool } from './pool.ts'
import { createRegistry } from './registry.ts'
import { createSealedBlobs } from './sealed-blobs.ts'
import { BLOCKING_MS } from './when-free.ts'

export interface EmbeddedOptions {
  readonly dataDir: string
  /** Keeps every other process out while it is open. */
  readonly exclusive?: boolean
  /** Keeps every other gateway out while it is open, though not commands. */
  readonly serves?: boolean
  /** Of what lives in memory. */
  readonly clock?: Clock
}

/**
 * The store of a single process, in one file in `dataDir`. Outages, leases and evidence live in its memory: they live for
 * minutes, and a write to the disk for each cooldown would hold up requests. Throws an Error where the file cannot be
 * opened, is open elsewhere and wanted `exclusive`, or is served elsewhere.
 */
export function createEmbeddedStore({
  dataDir,
  exclusive = false,
  serves = false,
  clock = systemClock,
}: EmbeddedOptions): Store {
  const letGo = serves ? holdAlone(dataDir) : () => undefined
  const database = openOr(letGo, { dataDir, exclusive })
  const registry = createRegistry(database)
  // From here on requests are served.
  database.exec(`PRAGMA busy_timeout = ${BLOCKING_MS}`)
  return {
    blobs: createSealedBlobs(database),
    registry,
    audit: createAudit(database),
    pool: createPool(clock),
    leases: createLeases(clock),
    evidence: createEvidence(clock),
    shared: false,
    up: () => true,
    onLink: () => () => undefined,
    async close() {
      if (database.isOpen) database.close()
      letGo()
    },
  }
}

function openOr(letGo: () => void, options: OpenOptions): DatabaseSync {
  try {
    return openDatabase(options)
  } catch (error) {
    letGo()
    throw error
  }
}
