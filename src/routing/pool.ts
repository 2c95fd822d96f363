import { type Clock, systemClock } from '../core/clock.ts'
import type { Connection } from '../core/entities.ts'
import type { AttemptOutcome, FailureReason } from '../core/failure.ts'
import { type ConnectionState, outage, type StateEvent, transition } from './connection-state.ts'
import { type CooldownSettings, defaultCooldown, longestCooldownMs } from './cooldown.ts'
import { asksTheSame, createEntry, noteOutcome, type OwnEntry, type PoolEntry } from './pool-entry.ts'
import { alone, type PoolLink, type SharedState, type Transition } from './pool-link.ts'

export interface Pool {
  /** The same object until `retain` lets go of it. */
  entry(connection: Connection): PoolEntry
  /** What is known of a connection by its id; undefined where no snapshot has it. */
  find(connectionId: string): PoolEntry | undefined
  /**
   * Begins an attempt: on a ready connection, or as the trial of one that is out. `connection` is the entry's as the
   * caller's snapshot has it.
   */
  acquire(entry: PoolEntry, connection?: Connection): Hold
  /** Whether this process may send the trial of a connection that awaits one. */
  mayTry(entry: PoolEntry): boolean
  /** A request was refused while this one was out. Answers how long its trial may be waited for after the cooldown, ms. */
  refused(entry: PoolEntry): number
  /** Returns a connection at once: a check that someone asked for has passed. */
  restore(connection: Connection): void
  /** Puts a connection out at once, without a request on it: a check of it, or of its credential, has failed. */
  eject(connection: Connection, reason: FailureReason, message: string): void
  /** Another replica's transition. Of two cooldowns the longer is kept. */
  receive(connectionId: string, state: SharedState): void
  /**
   * To be called with all connections of every new snapshot: forgets those that are gone, and what was learned of those
   * that now lead elsewhere (another key, endpoint, model or region).
   */
  retain(connections: Iterable<Connection>): void
  /** How often `retain` has let go of an entry that was given out. */
  forgotten(): number
  /** Every change of state, at once. Returns what ends it. */
  onTransition(listener: (change: Transition) => void): () => void
}

/** One attempt in flight. */
export interface Hold {
  readonly connection: Connection
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
  let forgotten = 0
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
    link.note(change)
    for (const listener of listeners) listener(change)
  }

  const holdOptions: HoldOptions = { apply, clock, trialMs }

  function receive(connectionId: string, state: SharedState): void {
    const entry = entries.get(connectionId)
    if (entry === undefined) return
    if (state.kind === 'ready') return apply(entry, { kind: 'restored' }, 'elsewhere')
    const { remainingMs, ...shared } = state
    // The store's clock may have been set, or its server have been another's, when it was told.
    const until = clock.monotonic() + Math.min(remainingMs, longestCooldownMs(settings))
    const out = { ...shared, until }
    apply(entry, { kind: 'ejected-elsewhere', out }, 'elsewhere')
  }

  function retain(connections: Iterable<Connection>): void {
    const former = entries
    entries = carriedOver(former, connections, settings)
    for (const [id, entry] of former) if (entries.get(id) !== entry) forgotten++
    link.retain((connectionId) => entries.get(connectionId)?.connection)
  }

  function eject(connection: Connection, reason: FailureReason, message: string): void {
    const entry = entryOf(connection)
    entry.lastFailure = clock.now()
    const now = clock.monotonic()
    apply(entry, { kind: 'failed', now, reason, message, ejects: true, onTrial: false })
  }

  return {
    entry: entryOf,
    find: (connectionId) => entries.get(connectionId),
    // Entries are given out to be read; here they come back.
    acquire: (entry, connection = entry.connection) =>
      new EntryHold(entry as OwnEntry, connection, holdOptions),
    mayTry: (entry) => link.mayTry(entry.connection.id),
    refused: (entry) => link.refused(entry.connection.id),
    restore: (connection) => apply(entryOf(connection), { kind: 'restored' }),
    eject,
    receive,
    retain,
    forgotten: () => forgotten,
    onTransition(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The entries of these connections: those there were, where they ask the same, else new ones. */
function carriedOver(
  former: ReadonlyMap<string, OwnEntry>,
  connections: Iterable<Connection>,
  settings: CooldownSettings,
): Map<string, OwnEntry> {
  const entries = new Map<string, OwnEntry>()
  for (const connection of connections) {
    const known = entries.get(connection.id) ?? former.get(connection.id)
    const isSame = known !== undefined && asksTheSame(known.connection, connection)
    const entry = isSame ? known : createEntry(connection, settings)
    entry.connection = connection
    entries.set(connection.id, entry)
  }
  return entries
}

interface HoldOptions {
  readonly apply: (entry: OwnEntry, event: StateEvent) => void
  readonly clock: Clock
  readonly trialMs: number
}

class EntryHold implements Hold {
  readonly connection: Connection
  readonly #entry: OwnEntry
  readonly #options: HoldOptions
  /** The entry's state as this attempt began: its own trial, if it is one. */
  readonly #state: ConnectionState
  #isSettled = false

  constructor(entry: OwnEntry, connection: Connection, options: HoldOptions) {
    this.connection = connection
    const { apply, clock, trialMs } = options
    entry.inFlight++
    if (entry.state.kind !== 'ready')
      apply(entry, { kind: 'trial-begun', heldUntil: clock.monotonic() + trialMs })
    this.#entry = entry
    this.#options = options
    this.#state = entry.state
  }

  answered(): void {
    if (!this.#isSettled && this.#isOnTrial()) this.#options.apply(this.#entry, { kind: 'trial-answered' })
  }

  settle(outcome: AttemptOutcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    const { apply, clock } = this.#options
    this.#entry.inFlight--
    apply(this.#entry, noteOutcome(this.#entry, outcome, this.#isOnTrial(), clock))
  }

  #isOnTrial(): boolean {
    return this.#state.kind === 'trial' && this.#entry.state === this.#state
  }
}
