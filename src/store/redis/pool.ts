import { OUTAGE_KEPT_MS } from '../bounds.ts'
import type { OutageChange, PoolStore, SharedOutage } from '../contract.ts'
import type { Listeners } from '../listeners.ts'
import type { Keys } from './keys.ts'
import { scan } from './scan.ts'
import type { RunScript } from './scripts.ts'

export interface PoolOptions {
  readonly run: RunScript
  readonly keys: Keys
  readonly timeoutMs: number
  readonly news: Listeners<OutageChange>
}

export function createPool({ run, keys, timeoutMs, news }: PoolOptions): PoolStore {
  return {
    async eject(connectionId, { remainingMs, json }) {
      const remaining = `${Math.max(0, Math.ceil(remainingMs))}`
      const answer = await run('eject', [keys.outages], [connectionId, remaining, json, keys.poolChannel])
      const [left, sequence, standing] = answer as string[]
      return { remainingMs: Number(left), sequence: Number(sequence), json: standing ?? '' }
    },
    async restore(connectionId, sequence) {
      return (await run('restore', [keys.outages], [connectionId, `${sequence}`, keys.poolChannel])) === 1
    },
    async outages() {
      const outages = new Map<string, SharedOutage>()
      await scan({
        timeoutMs,
        width: 4,
        read: (cursor, count) => run('outages', [keys.outages], [cursor, count, `${OUTAGE_KEPT_MS}`]),
        each: ([id = '', left, sequence, json = '']) =>
          outages.set(id, { remainingMs: Number(left), sequence: Number(sequence), json }),
      })
      return outages
    },
    firstSequence: async () => Number((await run('first-sequence', [keys.outages], [])) ?? Infinity),
    watch: (listener) => news.add(listener),
  }
}

/** What the scripts `eject` and `restore` say on their channel. */
export function readOutageChange(message: string): OutageChange | null {
  const [connectionId, sequence, left, json] = JSON.parse(message) as string[]
  if (connectionId === undefined || sequence === undefined) return null
  const number = Number(sequence)
  const outage = left === undefined ? null : { remainingMs: Number(left), sequence: number, json: json ?? '' }
  return { connectionId, outage, sequence: number }
}
