import type { OutageChange, PoolStore, SharedOutage, Store } from '../../../store/contract.ts'

/** One replica's own way to a store, which a test can break. */
export interface WatchedStore {
  readonly store: Pick<Store, 'pool' | 'leases' | 'up' | 'onLink'>
  /** Calls that are not answered yet. */
  readonly pending: () => number
  /** The link is lost: calls fail, changes are missed. */
  cut(): void
  mend(): void
  /** Calls fail, or their answers are lost, though the link seems well. */
  breakCalls(how: 'before' | 'after' | null): void
  /** Changes are missed, though the link seems well. */
  deafen(isDeaf: boolean): void
  isWell(): boolean
  /** A change that comes late. */
  tell(change: OutageChange): void
  /** Called where another outage than the one told stands, since it is longer. */
  onAbsorbed(listener: (toldJson: string, standingJson: string) => void): void
  /** How many calls were made: in all, or of one kind. */
  calls(name?: 'eject' | 'restore' | 'outages' | 'take' | 'release'): number
}

export function watchStore(inner: Store): WatchedStore {
  const linkListeners = new Set<(up: boolean) => void>()
  const made: string[] = []
  let isCut = false
  let isDeaf = false
  let broken: 'before' | 'after' | null = null
  const watchers = new Set<(change: OutageChange) => void>()
  let onAbsorbed: (toldJson: string, standingJson: string) => void = () => {}
  let pending = 0

  async function call<Result>(name: string, make: () => Promise<Result>): Promise<Result> {
    made.push(name)
    const failure = new Error('the store does not answer')
    if (isCut || broken === 'before') throw failure
    pending++
    try {
      const result = await make()
      if (broken === 'after' || isCut) throw failure
      return result
    } finally {
      pending--
    }
  }

  async function eject(id: string, outage: Omit<SharedOutage, 'sequence'>): Promise<SharedOutage> {
    const standing = await inner.pool.eject(id, outage)
    if (standing.json !== outage.json) onAbsorbed(outage.json, standing.json)
    return standing
  }

  const pool: PoolStore = {
    eject: (id, outage) => call('eject', () => eject(id, outage)),
    restore: (id, sequence) => call('restore', () => inner.pool.restore(id, sequence)),
    outages: () => call('outages', () => inner.pool.outages()),
    firstSequence: () => call('firstSequence', () => inner.pool.firstSequence()),
    watch(listener) {
      watchers.add(listener)
      const stop = inner.pool.watch((change) => isCut || isDeaf || listener(change))
      return () => {
        watchers.delete(listener)
        stop()
      }
    },
  }
  const say = (up: boolean) => {
    isCut = !up
    for (const listener of linkListeners) listener(up)
  }

  return {
    store: {
      pool,
      leases: {
        take: (name, holder, ms) => call('take', () => inner.leases.take(name, holder, ms)),
        release: (name, holder) => call('release', () => inner.leases.release(name, holder)),
      },
      up: () => !isCut,
      onLink: (listener) => added(linkListeners, listener),
    },
    pending: () => pending,
    cut: () => say(false),
    mend: () => say(true),
    breakCalls(how) {
      broken = how
    },
    deafen(next) {
      isDeaf = next
    },
    isWell: () => !isCut && !isDeaf && broken === null,
    tell(change) {
      for (const listener of watchers) listener(change)
    },
    onAbsorbed(listener) {
      onAbsorbed = listener
    },
    calls: (name) => (name === undefined ? made.length : made.filter((one) => one === name).length),
  }
}

/** Answers how to take it out again. */
function added<Item>(items: Set<Item>, item: Item): () => void {
  items.add(item)
  return () => items.delete(item)
}
