import { EVIDENCE_KEPT_MS } from '../bounds.ts'
import type { Evidence, EvidenceStore } from '../contract.ts'
import type { Keys } from './keys.ts'
import { scan } from './scan.ts'
import type { RunScript } from './scripts.ts'

const TOLD_AT_ONCE = 500

export interface EvidenceOptions {
  readonly run: RunScript
  readonly keys: Keys
  readonly timeoutMs: number
}

export function createEvidence({ run, keys, timeoutMs }: EvidenceOptions): EvidenceStore {
  return {
    async report(evidence) {
      for (let from = 0; from < evidence.length; from += TOLD_AT_ONCE) {
        const some = evidence.slice(from, from + TOLD_AT_ONCE)
        const args = some.flatMap(({ id, kind, ageMs, json }) => [
          `${kind}:${id}`,
          `${Math.round(ageMs)}`,
          json,
        ])
        await run('report', [keys.evidence], args)
      }
    },
    async all() {
      const all = new Map<string, Evidence>()
      await scan({
        timeoutMs,
        width: 3,
        read: (cursor, count) => run('evidence', [keys.evidence], [cursor, count, `${EVIDENCE_KEPT_MS}`]),
        each: ([name = '', age, json = '']) => {
          const colon = name.indexOf(':')
          const kind = name.slice(0, colon) as Evidence['kind']
          all.set(name, { id: name.slice(colon + 1), kind, ageMs: Number(age), json })
        },
      })
      return [...all.values()]
    },
  }
}
