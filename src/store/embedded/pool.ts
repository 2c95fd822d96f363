import type { Clock } from '../../core/clock.ts'
import { OUTAGE_KEPT_MS } from '../bounds.ts'
import type { OutageChange, PoolStore, SharedOutage } from '../contract.ts'
import { createListeners } from '../listeners.ts'

interface Outage {
  readonly until: number
  readonly json: string
  readonly sequence: number
}

/** The outages of this process. */
export function createPool(clock: Clock): PoolStore {
  const outages = new Map<string, Outage>()
  const listeners = createListeners<OutageChange>()
  let sequence = 0

  const shared = ({ until, json, sequence: own }: Outage): SharedOutage => ({
    remainingMs: Math.max(0, Math.ceil(until - clock.monotonic())),
    json,
    sequence: own,
  })
  const tell = (change: OutageChange) => queueMicrotask(() => listeners.tell(change))

  return {
    async eject(connectionId, { remainingMs, json }) {
      const now = clock.monotonic()
      const known = outages.get(connectionId)
      // One that has ended is no later than another that has.
      const isLater = known === undefined || now + remainingMs > Math.max(now, known.until)
      const standing = isLater ? { until: now + remainingMs, json, sequence: ++sequence } : known
      outages.set(connectionId, standing)
      const outage = shared(standing)
      tell({ connectionId, outage, sequence: outage.sequence })
      return outage
    },
    async restore(connectionId, ended) {
      const known = outages.get(connectionId)
      if (known === undefined) return true
      if (known.sequence > ended) return false
      outages.delete(connectionId)
      tell({ connectionId, outage: null, sequence: known.sequence })
      return true
    },
    async outages() {
      const oldest = clock.monotonic() - OUTAGE_KEPT_MS
      for (const [id, { until }] of outages) if (until < oldest) outages.delete(id)
      return new Map([...outages].map(([id, outage]) => [id, shared(outage)]))
    },
    firstSequence: async () => (sequence === 0 ? Infinity : 1),
    watch: (listener) => listeners.add(listener),
  }
}
