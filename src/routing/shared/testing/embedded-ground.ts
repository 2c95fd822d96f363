import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmbeddedStore } from '../../../store/embedded/embedded.ts'
import type { Ground } from './ground.ts'
import { createManualTimers } from './manual-timers.ts'

const longerThanAnyLeaseMs = 60_000

/** One store in this process for all replicas; its clock is theirs. */
export function createEmbeddedGround(): Ground {
  const timers = createManualTimers()
  const dataDir = mkdtempSync(join(tmpdir(), 'fleet-'))
  const store = createEmbeddedStore({ dataDir, clock: timers.clock })
  return {
    timers,
    open: async (replicas) => Array.from({ length: replicas }, () => store),
    async leave() {
      for (const [id, { sequence }] of await store.pool.outages()) await store.pool.restore(id, sequence)
      timers.clock.advance(longerThanAnyLeaseMs)
    },
    async close() {
      await store.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
