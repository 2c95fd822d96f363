import { checkPageLimit } from '../bounds.ts'
import type { AuditStore, StoredAuditEntry } from '../contract.ts'
import type { Keys } from './keys.ts'
import type { RunScript } from './scripts.ts'

const PAGE_BYTES = 512 * 1024
const PRUNED_AT_ONCE = 1_000

export function createAudit({ run, keys }: { run: RunScript; keys: Keys }): AuditStore {
  async function page(before: number | null, limit: number): Promise<StoredAuditEntry[]> {
    const entries: StoredAuditEntry[] = []
    let next = before
    while (entries.length < limit) {
      const args = [next === null ? '' : `${next}`, `${limit - entries.length}`, `${PAGE_BYTES}`]
      const answer = (await run('audit-page', [keys.audit], args)) as string[]
      if (answer.length === 0) break
      entries.push(...answer.map(parseEntry))
      next = entries.at(-1)?.sequence ?? null
    }
    return entries
  }

  return {
    last: async () => (await page(null, 1))[0] ?? null,
    async page({ before, limit }) {
      checkPageLimit(limit)
      return page(before, limit)
    },
    async prune(at) {
      let pruned = 0
      for (;;) {
        const count = Number(await run('audit-prune', [keys.audit], [`${at}`, `${PRUNED_AT_ONCE}`]))
        pruned += count
        if (count < PRUNED_AT_ONCE) return pruned
      }
    },
  }
}

function parseEntry(text: string): StoredAuditEntry {
  const [sequence = '', at = ''] = text.split(' ', 2)
  return { sequence: Number(sequence), at: Number(at), json: text.slice(sequence.length + at.length + 2) }
}
