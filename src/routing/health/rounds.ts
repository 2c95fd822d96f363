import type { Clock } from '../../core/clock.ts'
import type { Connection } from '../../core/entities.ts'
import type { LeaseStore } from '../../store/contract.ts'
import { hashText, mix } from '../policies/hash.ts'
import type { Schedule } from '../shared/timers.ts'

/** Whose turn it is to probe, and which connections are due: one replica at a time visits each once in an interval. */
export interface Rounds {
  /** Whether this process has the lease. */
  isHolder(): boolean
  start(): void
  /** Gives the lease up. */
  close(): Promise<void>
}

export interface RoundsOptions {
  readonly leases: LeaseStore
  /** Names this process. */
  readonly holder: string
  readonly up: () => boolean
  readonly intervalMs: number
  readonly connections: () => Iterable<Connection>
  /** Before anyone is visited: what others have told is to be read. Must not reject. */
  readonly prepare: () => Promise<void>
  /** Must not throw. */
  readonly visit: (connection: Connection) => void
  readonly clock: Clock
  readonly schedule: Schedule
  readonly random: () => number
}

const leaseName = 'prober'
const longestTickMs = 5_000
/** A holder that dies has held it for so many ticks at most. */
const leaseTicks = 3

/**
 * Every connection has a moment of its own in the interval, the same in all replicas, so that whoever takes over goes
 * on where the last one stopped. While the store is down nobody has the lease and nobody probes: each replica would
 * otherwise pay for all of it, and traffic still shows what works and tries what is out.
 */
export function createRounds(options: RoundsOptions): Rounds {
  const { leases, holder, up, intervalMs, connections, prepare, visit, clock, schedule, random } = options
  const tickMs = Math.min(longestTickMs, intervalMs / 20)
  const leaseMs = Math.ceil(leaseTicks * tickMs)
  let heldUntil = -Infinity
  let visitedTo = -Infinity
  let turn: Promise<void> = Promise.resolve()
  let cancel: (() => void) | null = null
  let isClosed = false

  const isHolder = () => clock.monotonic() < heldUntil

  async function askForTurn(): Promise<number> {
    if (!up()) return tickMs
    const askedAt = clock.monotonic()
    const { held, remainingMs } = await leases.take(leaseName, holder, leaseMs)
    if (!held) {
      heldUntil = -Infinity
      return Math.max(tickMs, remainingMs + random() * tickMs)
    }
    if (!isHolder()) visitedTo = -Infinity
    heldUntil = askedAt + leaseMs
    await prepare()
    if (!isClosed) visitDue()
    return tickMs
  }

  async function takeTurn(): Promise<void> {
    // A failure of the store is the store's to tell; without an answer there is no lease.
    const pauseMs = await askForTurn().catch(() => tickMs)
    scheduleTurn(pauseMs)
  }

  /** After a change of hands those too that fell into the gap; what was probed in it is not due to whoever asks. */
  function visitDue(): void {
    const now = clock.now()
    const from = Math.min(now, Math.max(visitedTo, now - Math.min(intervalMs, 2 * leaseMs)))
    visitedTo = now
    for (const connection of connections()) {
      const offset = offsetOf(connection, intervalMs)
      if (Math.floor((now - offset) / intervalMs) > Math.floor((from - offset) / intervalMs))
        visit(connection)
    }
  }

  function scheduleTurn(ms: number): void {
    if (isClosed) return
    cancel = schedule(ms, () => {
      turn = takeTurn()
    })
  }

  return {
    isHolder,
    start: () => scheduleTurn(random() * tickMs),
    async close() {
      isClosed = true
      cancel?.()
      await turn
      const wasHolder = isHolder()
      heldUntil = -Infinity
      if (wasHolder && up()) await leases.release(leaseName, holder).catch(() => {})
    },
  }
}

/** Of a connection's moment within the interval, ms. */
export function offsetOf({ id }: Connection, intervalMs: number): number {
  return (mix(hashText(id)) / 2 ** 32) * intervalMs
}
