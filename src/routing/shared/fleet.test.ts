import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import type { Store } from '../../store/contract.ts'
import { createEmbeddedStore } from '../../store/embedded/embedded.ts'
import { fleetFaultsTest } from './fleet-faults.suite.ts'
import { fleetReferenceTest } from './fleet.suite.ts'
import { createEmbeddedGround } from './testing/embedded-ground.ts'
import { createServerGround } from './testing/server-ground.ts'

/** A store in memory that goes by the real clock, like one on a server. */
async function openRealTime() {
  const dataDir = mkdtempSync(join(tmpdir(), 'fleet-'))
  const stores = new Map<string, Store>()
  return createServerGround({
    openStore: async (prefix) => {
      const store = stores.get(prefix) ?? createEmbeddedStore({ dataDir })
      stores.set(prefix, store)
      return store
    },
    stop: async () => rmSync(dataDir, { recursive: true, force: true }),
  })
}

describe('a fleet on a store in memory', () => {
  fleetReferenceTest(async () => createEmbeddedGround(), 400)
  fleetFaultsTest(async () => createEmbeddedGround(), 800)
})

describe('a fleet on a store whose clock is its own', () => {
  fleetReferenceTest(openRealTime, 100)
  fleetFaultsTest(openRealTime, 100)
})
