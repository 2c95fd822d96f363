import { setImmediate as breathe } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import type { PoolStore, SharedOutage } from '../../store/contract.ts'
import type { Ledger } from './ledger.ts'
import type { Schedule } from './timers.ts'

/** Compares what is known here with all that the store has, now and then: changes may be missed. */
export interface Comparing {
  /** Resolves once it is done, or could not be. Never rejects. */
  compare(): Promise<void>
  /** The store was lost, or has returned: what it was being asked may be no answer any more. */
  relink(): void
  close(): Promise<void>
}

export interface ComparingOptions {
  ledger: Ledger
  store: PoolStore
  up: () => boolean
  clock: Clock
  random: () => number
  schedule: Schedule
}

const everyMs = 5_000
/** With more outages than this, in proportion less often: 1,000 replicas would fetch all of them 200 times a second. */
const comparedOften = 1_000
const breatheAfter = 500

export function createComparing({ ledger, store, up, clock, random, schedule }: ComparingOptions): Comparing {
  let isClosed = false
  let isComparing = false
  let current: Promise<void> = Promise.resolve()
  let stopTimer: (() => void) | null = null
  /** Whether the store may have forgotten what it was told. */
  let wasLost = true
  let links = 0

  async function hearAll(all: ReadonlyMap<string, SharedOutage>, isObsolete: () => boolean): Promise<void> {
    let heard = 0
    for (const [connectionId, outage] of all) {
      if (++heard % breatheAfter === 0) await breathe()
      if (isObsolete()) return
      ledger.hear({ connectionId, outage, sequence: outage.sequence })
    }
  }

  /** Answers how many outages there are; 0 where that cannot be told. */
  async function compareOnce(): Promise<number> {
    const askedAt = clock.monotonic()
    const began = links
    const isObsolete = () => isClosed || links !== began
    let all: ReadonlyMap<string, SharedOutage>
    let firstSequence: number
    try {
      all = await store.outages()
      // Asked for last, so that what is lost in between is noticed too.
      firstSequence = await store.firstSequence()
    } catch {
      return 0
    }
    if (isObsolete()) return 0
    ledger.compare(all, { askedAt, firstSequence: wasLost ? Infinity : firstSequence })
    await hearAll(all, isObsolete)
    if (!isObsolete()) wasLost = false
    return all.size
  }

  async function compareAndWait(): Promise<void> {
    isComparing = true
    stopTimer?.()
    const began = links
    const size = up() ? await compareOnce() : 0
    isComparing = false
    if (isClosed) return
    const pauseMs = everyMs * Math.max(1, size / comparedOften) * (0.8 + 0.4 * random())
    stopTimer = schedule(links === began ? pauseMs : 0, () => void compare())
  }

  function compare(): Promise<void> {
    if (!isComparing) current = compareAndWait()
    return current
  }

  return {
    compare,
    relink() {
      links++
      if (!up()) return
      wasLost = true
      void compare()
    },
    async close() {
      isClosed = true
      stopTimer?.()
      await current
    },
  }
}
