import type { Clock } from '../../core/clock.ts'
import type { OutageChange, PoolStore, SharedOutage } from '../../store/contract.ts'
import { type Out, outage } from '../connection-state.ts'
import type { PoolEntry } from '../pool-entry.ts'
import type { Transition } from '../pool-link.ts'
import type { Pool } from '../pool.ts'
import { createKeyedQueue, type KeyedQueue } from './keyed-queue.ts'
import { connectionIdOf, decodeOutage, encodeOutage, sharedId } from './shared-outage.ts'
import type { Schedule } from './timers.ts'

export interface LedgerOptions {
  pool: Pool
  store: PoolStore
  /** This process, as the outages that it tells name it. */
  holder: string
  up: () => boolean
  clock: Clock
  random: () => number
  schedule: Schedule
}

/** What the store is known to say of one connection. Times are monotonic ms. */
interface Known {
  readonly shared: string
  /** Of the newest outage heard of, whether or not it has ended; -1: none. */
  sequence: number
  /** Of the newest that is heard to have ended; -1: none. */
  over: number
  /** Of the outage that ended here, which the store is to be told; -1: none. */
  ended: number
  /** Up to when the store has it out. */
  toldUntil: number
  /** When it was last told or heard of. */
  at: number
}

/** What the store was asked, and when: monotonic ms. */
export interface Comparison {
  readonly askedAt: number
  /** Of the first outage that it knows of; Infinity where it may have forgotten any. */
  readonly firstSequence: number
}

const tellAtOnce = 32
const tellPerSecond = 2_000
/** Each request in flight at an ejection extends its cooldown by moments; that is not worth telling. */
const slackMs = 250
const firstRetryMs = 250
const longestRetryMs = 5_000

/**
 * What this process tells the store of its own transitions, and hears of the others'. A connection is told as it is when
 * its turn comes, so nothing waits but its name: of several changes the newest wins, and while the store is down no
 * queue grows.
 */
export class Ledger {
  readonly #options: LedgerOptions
  readonly #known = new Map<string, Known>()
  readonly #retries = new Map<string, () => void>()
  readonly #queue: KeyedQueue
  #failures = 0

  constructor(options: LedgerOptions) {
    this.#options = options
    const { up: canRun, clock, schedule } = options
    this.#queue = createKeyedQueue({
      work: (connectionId) => this.#tell(connectionId),
      atOnce: tellAtOnce,
      perSecond: tellPerSecond,
      canRun,
      clock,
      schedule,
    })
  }

  note({ connection, from, to, origin }: Transition): void {
    const before = outage(from)
    const after = outage(to)
    if (origin === 'elsewhere' || after === before) return
    const known = this.#knownOf(connection.id, sharedId(connection))
    if (after === null) known.ended = known.sequence
    const isExtension = before !== null && after?.ejections === before.ejections
    if (isExtension && after.until <= known.toldUntil + slackMs) return
    this.#queue.add(connection.id)
  }

  /** Whether something of this connection is still to be told. */
  isTelling(connectionId: string): boolean {
    return this.#queue.has(connectionId) || this.#retries.has(connectionId)
  }

  /** One change, this process's own included. */
  hear({ connectionId: shared, outage: standing, sequence }: OutageChange): void {
    const entry = this.#entryOf(shared)
    if (entry === undefined) return
    if (standing !== null) return this.#hearOutage(entry, shared, standing)
    const { id } = entry.connection
    const known = this.#knownOf(id, shared)
    if (sequence < known.sequence) return
    known.sequence = sequence
    known.over = sequence
    known.at = this.#options.clock.monotonic()
    // What is being told is news to whoever has restored it.
    if (!this.isTelling(id)) this.#restore(entry)
  }

  /**
   * What the store did not say when it was asked, at `askedAt`, for all that is out. What it no longer has somebody has
   * restored; but what is older than all that the store knows of it has forgotten, and a cooldown that still runs here
   * is told again.
   */
  compare(all: ReadonlyMap<string, SharedOutage>, { askedAt, firstSequence }: Comparison): void {
    const { pool, clock } = this.#options
    const now = clock.monotonic()
    for (const [id, known] of this.#known) {
      const entry = pool.find(id)
      if (entry === undefined || this.isTelling(id) || known.at >= askedAt) continue
      const standing = all.get(known.shared)
      const out = outage(entry.state)
      const standsUntil = standing === undefined ? now : now + standing.remainingMs + slackMs
      // What stands is shorter, and no news either: the store does not have ours.
      const isForgotten =
        known.sequence < firstSequence || (standing !== undefined && standing.sequence <= known.sequence)
      if (isForgotten && out !== null && out.until > standsUntil) this.#queue.add(id)
      else if (standing === undefined && out !== null) this.#restore(entry)
      else if (standing === undefined) this.#known.delete(id)
    }
  }

  /** There is a new snapshot. */
  retain(isKept: (connectionId: string, shared: string) => boolean): void {
    for (const [id, { shared }] of this.#known) if (!isKept(id, shared)) this.#known.delete(id)
  }

  /** The store answers again, and may count anew. */
  resume(): void {
    this.#failures = 0
    for (const [id, known] of this.#known) {
      if (!this.isTelling(id)) Object.assign(known, { sequence: -1, over: -1, at: -Infinity })
    }
    const overdue = [...this.#retries.keys()]
    for (const stop of this.#retries.values()) stop()
    this.#retries.clear()
    for (const id of overdue) this.#queue.add(id)
    this.#queue.resume()
  }

  async close(): Promise<void> {
    await this.#queue.close()
    for (const stop of this.#retries.values()) stop()
    this.#retries.clear()
  }

  /** The connection that the store means, if this process has it and asks the same of it. */
  #entryOf(shared: string): PoolEntry | undefined {
    const entry = this.#options.pool.find(connectionIdOf(shared))
    return entry !== undefined && sharedId(entry.connection) === shared ? entry : undefined
  }

  #knownOf(connectionId: string, shared: string): Known {
    const known = this.#known.get(connectionId)
    if (known?.shared === shared) return known
    const made: Known = { shared, sequence: -1, over: -1, ended: -1, toldUntil: -Infinity, at: -Infinity }
    this.#known.set(connectionId, made)
    return made
  }

  async #tell(connectionId: string): Promise<void> {
    const { pool, store, clock } = this.#options
    this.#retries.get(connectionId)?.()
    this.#retries.delete(connectionId)
    const entry = pool.find(connectionId)
    if (entry === undefined) return
    const known = this.#knownOf(connectionId, sharedId(entry.connection))
    try {
      const { ended } = known
      if (ended >= 0) await store.restore(known.shared, ended)
      if (known.ended === ended) known.ended = -1
      const out = outage(entry.state)
      if (out !== null) await this.#tellOutage(known, out)
      known.at = clock.monotonic()
      this.#failures = 0
    } catch {
      this.#tellLater(connectionId)
    }
  }

  #tellLater(connectionId: string): void {
    const { schedule, random } = this.#options
    const pauseMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(this.#failures, 10))
    this.#failures++
    const again = () => {
      this.#retries.delete(connectionId)
      this.#queue.add(connectionId)
    }
    this.#retries.set(connectionId, schedule(pauseMs * (0.5 + 0.5 * random()), again))
  }

  async #tellOutage(known: Known, out: Out): Promise<void> {
    const { store, holder, clock } = this.#options
    const remainingMs = Math.max(0, Math.ceil(out.until - clock.monotonic()))
    const json = encodeOutage(out, holder)
    const standing = await store.eject(known.shared, { remainingMs, json })
    known.toldUntil = clock.monotonic() + standing.remainingMs
    const entry = this.#entryOf(known.shared)
    if (entry === undefined) return
    this.#hearOutage(entry, known.shared, standing)
    const isNews = standing.sequence >= known.sequence && standing.sequence > known.over
    if (isNews && standing.json !== json && entry.state.kind !== 'ready') this.#receive(entry, standing)
  }

  #hearOutage(entry: PoolEntry, shared: string, standing: SharedOutage): void {
    const { holder, clock } = this.#options
    const { id } = entry.connection
    const known = this.#knownOf(id, shared)
    if (standing.sequence <= known.sequence) return
    const wasTold = known.sequence >= 0
    const now = clock.monotonic()
    known.sequence = standing.sequence
    known.at = now
    known.toldUntil = now + standing.remainingMs
    const told = decodeOutage(standing.json)
    if (told === null) return
    if (told.by === holder) {
      // Ours, and over by now: its own telling was not answered, or the store has forgotten its end.
      if (entry.state.kind !== 'ready') return
      known.ended = known.sequence
      return this.#queue.add(id)
    }
    if ((outage(entry.state)?.until ?? 0) > known.toldUntil + slackMs && !this.isTelling(id)) {
      // Of two the store keeps the longer: if it had ours, that has ended since; if not, it is to have it.
      if (wasTold) this.#restore(entry)
      else this.#queue.add(id)
    }
    this.#receive(entry, standing)
  }

  #receive({ connection }: PoolEntry, { json, remainingMs }: SharedOutage): void {
    const told = decodeOutage(json)
    if (told === null) return
    const { by: _, ...out } = told
    this.#options.pool.receive(connection.id, { ...out, remainingMs })
  }

  /** A ready connection may still remember the ejections before its trial. */
  #restore({ connection, state }: PoolEntry): void {
    if (state.kind !== 'ready') this.#options.pool.receive(connection.id, { kind: 'ready' })
  }
}
