import type { Clock } from '../../core/clock.ts'
import { EVIDENCE_KEPT_MS } from '../bounds.ts'
import type { Evidence, EvidenceStore } from '../contract.ts'

interface Seen extends Omit<Evidence, 'ageMs'> {
  readonly at: number
}

/** What this process has seen. */
export function createEvidence(clock: Clock): EvidenceStore {
  const newest = new Map<string, Seen>()

  return {
    async report(evidence) {
      const now = clock.monotonic()
      for (const { id, kind, ageMs, json } of evidence) {
        const name = `${kind} ${id}`
        const at = now - ageMs
        if (at >= (newest.get(name)?.at ?? -Infinity)) newest.set(name, { id, kind, at, json })
      }
    },
    async all() {
      const now = clock.monotonic()
      for (const [name, { at }] of newest) if (now - at > EVIDENCE_KEPT_MS) newest.delete(name)
      return [...newest.values()].map(({ at, ...seen }) => ({
        ...seen,
        ageMs: Math.max(0, Math.round(now - at)),
      }))
    },
  }
}
