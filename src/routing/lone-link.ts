import { type Clock, systemClock } from '../core/clock.ts'
import type { Connection } from '../core/entities.ts'
import { alone, type PoolLink } from './pool-link.ts'
import { sharedId } from './shared/shared-outage.ts'
import { type Schedule, systemSchedule } from './shared/timers.ts'

export interface LoneLink extends PoolLink {
  /** Nobody is asked any more. */
  close(): void
}

export interface LoneLinkOptions {
  /**
   * No request has used the trial of this connection for 2 s since it is due. Answers whether a probe is its trial,
   * begun (`Pool.acquire`) by then. Must not throw.
   */
  onUnusedTrial: (connection: Connection) => boolean
  clock?: Clock
  random?: () => number
  schedule?: Schedule
}

const unusedMs = 2_000
const firstPauseMs = 30_000
const longestPauseMs = 300_000

/** One process by itself, in which what nobody asks for returns by probes. */
export function createLoneLink({
  onUnusedTrial,
  clock = systemClock,
  random = Math.random,
  schedule = systemSchedule,
}: LoneLinkOptions): LoneLink {
  const waiting = new Map<string, { connection: Connection; stop: () => void }>()
  let isClosed = false

  function stop(connectionId: string): void {
    waiting.get(connectionId)?.stop()
    waiting.delete(connectionId)
  }

  function wait(connection: Connection, ms: number, round: number): void {
    const entry = { connection, stop: schedule(ms, look) }
    waiting.set(connection.id, entry)

    function look(): void {
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(round, 10))
      // Before it is asked: the trial that begins then ends the waiting.
      wait(entry.connection, pauseMs * (0.5 + 0.5 * random()), round + 1)
      onUnusedTrial(entry.connection)
    }
  }

  return {
    ...alone,
    note({ connection, to }) {
      stop(connection.id)
      if (isClosed || to.kind === 'ready' || to.kind === 'trial') return
      wait(connection, Math.max(0, to.until - clock.monotonic()) + unusedMs, 0)
    },
    retain(find) {
      for (const [id, entry] of waiting) {
        const connection = find(id)
        if (connection === undefined || sharedId(connection) !== sharedId(entry.connection)) stop(id)
        else entry.connection = connection
      }
    },
    close() {
      isClosed = true
      for (const id of waiting.keys()) stop(id)
    },
  }
}
