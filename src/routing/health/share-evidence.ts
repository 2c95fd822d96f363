import type { Clock } from '../../core/clock.ts'
import type { Store } from '../../store/contract.ts'
import type { Schedule } from '../shared/timers.ts'
import type { Notebook } from './notebook.ts'

/** Keeps a notebook and the store in step, in the background. */
export interface EvidenceSharing {
  /** Reads what others have told, unless that was done less than `maxAgeMs` ago. Never rejects. */
  refresh(maxAgeMs?: number): Promise<void>
  start(): void
  /** Tells what is not told yet. */
  close(): Promise<void>
}

export interface EvidenceSharingOptions {
  readonly notebook: Notebook
  readonly store: Pick<Store, 'up' | 'onLink'>
  /** Brings the notebook up to date, before it is told. */
  readonly gather: () => void
  readonly intervalMs: number
  readonly clock: Clock
  readonly schedule: Schedule
  readonly onStoreFault: (error: unknown) => void
}

const longestTellMs = 30_000

/**
 * Tells every tenth of an interval, at least every 30 s, what has changed. Reads everything once in an interval, since
 * that grows with the fleet; whoever needs it newer, the holder of the prober's lease and the control plane, asks.
 */
export function createEvidenceSharing(options: EvidenceSharingOptions): EvidenceSharing {
  const { notebook, store, gather, intervalMs, clock, schedule, onStoreFault } = options
  const tellMs = Math.min(longestTellMs, intervalMs / 10)
  let readAt = -Infinity
  let reading: Promise<void> | null = null
  let turn: Promise<void> = Promise.resolve()
  let cancel: (() => void) | null = null
  let isClosed = false
  const stopWatching = store.onLink((up) => {
    if (up) notebook.forgetTold()
  })

  async function tell(): Promise<void> {
    try {
      gather()
      if (store.up()) await notebook.tell()
    } catch (error) {
      onStoreFault(error)
    }
  }

  async function read(): Promise<void> {
    try {
      await notebook.read()
      readAt = clock.monotonic()
    } catch (error) {
      onStoreFault(error)
    } finally {
      reading = null
    }
  }

  async function refresh(maxAgeMs = 0): Promise<void> {
    const isRecent = clock.monotonic() - readAt < maxAgeMs
    if (reading === null && (isRecent || !store.up())) return
    reading ??= read()
    await reading
  }

  async function takeTurn(): Promise<void> {
    await tell()
    if (!isClosed) await refresh(intervalMs)
    scheduleTurn()
  }

  function scheduleTurn(): void {
    if (isClosed) return
    cancel = schedule(tellMs, () => {
      turn = takeTurn()
    })
  }

  return {
    refresh,
    start: scheduleTurn,
    async close() {
      isClosed = true
      cancel?.()
      stopWatching()
      await turn
      await reading
      await tell()
    },
  }
}
