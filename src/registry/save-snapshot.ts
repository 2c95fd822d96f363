import type { Clock } from '../core/clock.ts'
import type { SnapshotFile, ToSave } from './snapshot-file.ts'
import type { After } from './timers.ts'

export interface Saver {
  /** There is something new to be saved, soon. */
  changed(): void
  /** Saves what is yet to be saved, and nothing after. */
  stop(): Promise<void>
}

export interface SaverOptions {
  readonly file: SnapshotFile
  /** What is to be saved now; null: nothing is known. */
  readonly saved: () => ToSave | null
  readonly after: After
  readonly clock: Clock
  readonly onFault: (error: unknown) => void
  /** At most so often. */
  readonly everyMs?: number
  /** How long `stop` waits for a slow disk. */
  readonly stopMs?: number
}

/** Of all time, at most one part in so many goes into writing. */
const SHARE = 20

/** Of the time between attempts while they fail. */
const MAX_DOUBLINGS = 6

/** Writes the snapshot file in the background. */
export function createSaver({
  file,
  saved,
  after,
  clock,
  onFault,
  everyMs = 5_000,
  stopMs = 5_000,
}: SaverOptions): Saver {
  let isDirty = false
  let isStopped = false
  let cancel: (() => void) | null = null
  let writing: Promise<void> = Promise.resolve()
  let tookMs = 0
  let failures = 0

  async function save(): Promise<void> {
    const next = saved()
    isDirty = false
    if (next === null) return
    try {
      await file.write(next)
      failures = 0
    } catch (error) {
      isDirty = true
      failures += 1
      onFault(error)
    }
  }

  function due(): void {
    const begun = clock.monotonic()
    writing = save().then(() => {
      tookMs = clock.monotonic() - begun
      cancel = null
      if (isDirty) schedule()
    })
  }

  function schedule(): void {
    if (isStopped || cancel !== null) return
    const againMs = everyMs * 2 ** Math.min(failures, MAX_DOUBLINGS)
    cancel = after(Math.max(againMs, SHARE * tookMs), due)
  }

  return {
    changed() {
      isDirty = true
      schedule()
    },
    async stop() {
      isStopped = true
      cancel?.()
      const last = writing.then(() => (isDirty ? save() : undefined))
      await Promise.race([last, new Promise<void>((resolve) => void after(stopMs, resolve))])
    },
  }
}
