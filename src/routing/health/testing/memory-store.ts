import type { Clock } from '../../../core/clock.ts'
import type { Evidence, EvidenceStore, LeaseStore, Store } from '../../../store/contract.ts'

export interface MemoryStore {
  /** As one replica sees it. */
  readonly store: Pick<Store, 'leases' | 'evidence' | 'up' | 'onLink'>
  readonly holderOf: (name: string) => string | null
  /** Of calls of `report`, how much evidence each brought. */
  readonly reports: number[]
  /** The link to it is lost or found. */
  setUp(up: boolean): void
  /** It answers nothing but failures, though the link seems well. */
  failing: boolean
  /** It has forgotten everything. */
  empty(): void
}

/** Leases and evidence by a clock that tests move, shared by all who are given it. */
export function createMemoryStore(clock: Clock): MemoryStore {
  const held = new Map<string, { holder: string; until: number }>()
  const known = new Map<string, { evidence: Evidence; at: number }>()
  const listeners = new Set<(up: boolean) => void>()
  const reports: number[] = []
  const memory = { isUp: true, failing: false }

  function heldNow(name: string) {
    const lease = held.get(name)
    return lease === undefined || lease.until <= clock.monotonic() ? null : lease
  }

  function answer(): void {
    if (!memory.isUp || memory.failing) throw new Error('the store does not answer')
  }

  const leases: LeaseStore = {
    async take(name, holder, ms) {
      answer()
      const lease = heldNow(name)
      if (lease !== null && lease.holder !== holder) {
        return { held: false, remainingMs: lease.until - clock.monotonic() }
      }
      held.set(name, { holder, until: clock.monotonic() + ms })
      return { held: true, remainingMs: ms }
    },
    async release(name, holder) {
      answer()
      if (heldNow(name)?.holder === holder) held.delete(name)
    },
  }
  const evidence: EvidenceStore = {
    async report(all) {
      answer()
      reports.push(all.length)
      for (const one of all) {
        const at = clock.monotonic() - one.ageMs
        const key = `${one.kind} ${one.id}`
        if (at >= (known.get(key)?.at ?? -Infinity)) known.set(key, { evidence: one, at })
      }
    },
    async all() {
      answer()
      return [...known.values()].map(({ evidence: one, at }) => ({ ...one, ageMs: clock.monotonic() - at }))
    },
  }

  return {
    store: {
      leases,
      evidence,
      up: () => memory.isUp,
      onLink(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    holderOf: (name) => heldNow(name)?.holder ?? null,
    reports,
    setUp(up) {
      memory.isUp = up
      for (const listener of listeners) listener(up)
    },
    get failing() {
      return memory.failing
    },
    set failing(isFailing) {
      memory.failing = isFailing
    },
    empty() {
      held.clear()
      known.clear()
    },
  }
}
