import { type Clock, systemClock } from '../core/clock.ts'
import type { Connection } from '../core/entities.ts'
import type { AttemptOutcome } from '../core/failure.ts'
import { outage, type StateEvent, transition } from './connection-state.ts'
import { type CooldownSettings, defaultCooldown } from './cooldown.ts'
import { asksTheSame, createEntry, noteOutcome, type OwnEntry, type PoolEntry } from './pool-entry.ts'
import { alone, type PoolLink, type SharedState, type Transition } from './pool-link.ts'

export interface Pool {
  /** The same object until `retain` lets go of it. */
  entry(connection: Connection): PoolEntry
  /** Begins an attempt: on a ready connection, or as the trial of one that is out. */
  acquire(entry: PoolEntry): Hold
  /** Whether this process may send the trial of a connection that awaits one. */
  mayTry(entry: PoolEntry): boolean
  /** Returns a connection at once: a check that someone asked for has passed. */
  restore(connection: Connection): void
  /** Another replica's transition. Of two cooldowns the longer is kept. */
  receive(connectionId: string, state: SharedState): void
  /**
   * To be called with all connections of every new snapshot: forgets those that are gone, and what was learned of those
   * that now lead elsewhere (another key, endpoint, model or region).
   */
  retain(connections: Iterable<Connection>): void
  /** Every change of state, at once. Returns what ends it. */
  onTransition(listener: (change: Transition) => void): () => void
}

/** One attempt in flight. */
export interface Hold {
  /** Its first event has come: a trial is won then, since an answer may last for minutes. */
  answered(): void
  /** What it came to. Counts once; further calls do nothing. */
  settle(outcome: AttemptOutcome): void
}

export interface PoolOptions {
  settings?: CooldownSettings
  clock?: Clock
  random?: () => number
  link?: PoolLink
  /** A request's total deadline, ms: a trial that has not settled by then never will. */
  trialMs?: number
}

/** The states of all connections, in memory. */
export function createMemoryPool({
  settings = defaultCooldown,
  clock = systemClock,
  random = Math.random,
  link = alone,
  trialMs = 600_000,
}: PoolOptions = {}): Pool {
  let entries = new Map<string, OwnEntry>()
  const listeners = new Set<(change: Transition) => void>()

  function entryOf(connection: Connection): OwnEntry {
    const known = entries.get(connection.id)
    if (known !== undefined) return known
    const entry = createEntry(connection, settings)
    entries.set(connection.id, entry)
    return entry
  }

  function apply(entry: OwnEntry, event: StateEvent, origin: Transition['origin'] = 'here'): void {
    const from = entry.state
    const to = transition(from, event, settings, random)
    if (to === from) return
    entry.state = to
    if (from.kind === 'ready' && to.kind !== 'ready') entry.window.clear()
    const { connection } = entry
    // What was let go of is no longer anyone's business; its last requests settle in silence.
    if (entries.get(connection.id) !== entry) return
    const isEjection = to.kind !== 'trial' && (outage(to)?.ejections ?? 0) > (outage(from)?.ejections ?? 0)
    const change: Transition = { connection, from, to, isEjection, origin }
    if (origin === 'here') link.publish(change)
    for (const listener of listeners) listener(change)
  }

  function receive(connectionId: string, state: SharedState): void {
    const entry = entries.get(connectionId)
    if (entry === undefined) return
    if (state.kind === 'ready') return apply(entry, { kind: 'restored' }, 'elsewhere')
    const { remainingMs, ...shared } = state
    const now = clock.monotonic()
    const out = { ...shared, until: now + remainingMs }
    apply(entry, { kind: 'ejected-elsewhere', now, out }, 'elsewhere')
  }

  function retain(connections: Iterable<Connection>): void {
    const former = entries
    entries = new Map()
    for (const connection of connections) {
      const known = former.get(connection.id)
      if (known === undefined || !asksTheSame(known.connection, connection)) entryOf(connection)
      else {
        known.connection = connection
        entries.set(connection.id, known)
      }
    }
  }

  return {
    entry: entryOf,
    // Entries are given out to be read; here they come back.
    acquire: (entry) => begin(entry as OwnEntry, { apply, clock, trialMs }),
    mayTry: (entry) => link.mayTry(entry.connection.id),
    restore: (connection) => apply(entryOf(connection), { kind: 'restored' }),
    receive,
    retain,
    onTransition(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

interface AttemptOptions {
  apply: (entry: OwnEntry, event: StateEvent) => void
  clock: Clock
  trialMs: number
}

function begin(entry: OwnEntry, { apply, clock, trialMs }: AttemptOptions): Hold {
  let isSettled = false
  entry.inFlight++
  apply(entry, { kind: 'trial-begun', heldUntil: clock.monotonic() + trialMs })
  const held = entry.state
  const isOnTrial = () => held.kind === 'trial' && entry.state === held
  return {
    answered() {
      if (!isSettled && isOnTrial()) apply(entry, { kind: 'trial-answered' })
    },
    settle(outcome) {
      if (isSettled) return
      isSettled = true
      entry.inFlight--
      apply(entry, noteOutcome(entry, outcome, isOnTrial(), clock))
    },
  }
}
