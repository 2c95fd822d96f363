import type { Clock } from '../../core/clock.ts'
import type { LeaseStore } from '../contract.ts'

const MAX_KEPT = 1_000

/** The leases of this process. */
export function createLeases(clock: Clock): LeaseStore {
  const leases = new Map<string, { readonly holder: string; readonly until: number }>()

  function dropExpired(now: number): void {
    for (const [name, { until }] of leases) if (until <= now) leases.delete(name)
  }

  return {
    async take(name, holder, ms) {
      const now = clock.monotonic()
      const lease = leases.get(name)
      if (lease !== undefined && lease.until > now && lease.holder !== holder) {
        return { held: false, remainingMs: Math.ceil(lease.until - now) }
      }
      if (leases.size >= MAX_KEPT) dropExpired(now)
      leases.set(name, { holder, until: now + ms })
      return { held: true, remainingMs: ms }
    },
    async release(name, holder) {
      if (leases.get(name)?.holder === holder) leases.delete(name)
    },
  }
}
