import type { Clock } from '../core/clock.ts'

export type SyncKind = 'starting' | 'current' | 'stale' | 'suspect'

/**
 * What is known of the registry. `starting`: nothing yet; `current`: what the store has; `stale`: what it had when it
 * last answered; `suspect`: what it had before it lost it, as it seems, and nothing may be written.
 */
export interface SyncStatus {
  readonly kind: SyncKind
  /** How long it has been so, ms. */
  readonly sinceMs: number
  /** Where the state was read: `file` is the sealed snapshot. */
  readonly source: 'none' | 'store' | 'file'
  /** Why it is not current, as a sentence; null where it is. */
  readonly reason: string | null
}

const reasons: Record<SyncKind, string | null> = {
  starting: 'The store has not answered yet, and there is no snapshot of it here.',
  current: null,
  stale: 'The store does not answer; the last known state is in use.',
  suspect: 'The store has another registry than it had, or an older one, and is not believed.',
}

export function createSyncStatus({ clock }: { clock: Clock }) {
  let kind: SyncKind = 'starting'
  let source: SyncStatus['source'] = 'none'
  let since = clock.monotonic()
  const listeners = new Set<(status: SyncStatus) => void>()
  const get = (): SyncStatus => ({ kind, source, sinceMs: clock.monotonic() - since, reason: reasons[kind] })

  return {
    get,
    set(next: SyncKind, from: SyncStatus['source'] = source) {
      if (next === kind && from === source) return
      if (next !== kind) since = clock.monotonic()
      kind = next
      source = from
      for (const listener of listeners) listener(get())
    },
    onChange(listener: (status: SyncStatus) => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
