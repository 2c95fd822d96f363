import type { Clock } from '../../core/clock.ts'
import type { Connection } from '../../core/entities.ts'
import type { FailureReason } from '../../core/failure.ts'
import { awaitsTrial } from '../connection-state.ts'
import type { Pool } from '../pool.ts'
import { sharedId } from '../shared/shared-outage.ts'
import { type Asked, type Asker, outcomeOf } from './ask.ts'
import type { HealthEvidence } from './evidence.ts'

/** What a probe found; `refused`: the upstream refused the question as such, which says nothing of the connection. */
export type CheckResult = 'success' | 'refused' | FailureReason

/** Probes, and what becomes of their answers in the pool and in evidence. Nothing here rejects. */
export interface Probes {
  /** Beside the pool. */
  beside(connection: Connection): Promise<Asked>
  /** Whether the connection's trial may be a probe now. */
  mayTry(connection: Connection): boolean
  /** As the connection's trial, which it takes at once. */
  asTrial(connection: Connection): Promise<void>
  /** Because somebody asked: a pass returns the connection at once. */
  onDemand(connection: Connection): Promise<Asked>
}

export interface ProbesOptions {
  readonly pool: Pool
  readonly asker: Asker
  readonly evidence: HealthEvidence
  readonly intervalMs: number
  readonly onCheck: (result: CheckResult) => void
  readonly signal: AbortSignal
  readonly clock: Clock
}

export function createProbes(options: ProbesOptions): Probes {
  const { pool, asker, evidence, intervalMs, onCheck, signal, clock } = options
  /** Trials whose question was refused as such: asked again only after an interval, since nothing was decided. */
  const restUntil = new Map<string, number>()

  async function probe(connection: Connection): Promise<Asked> {
    const asked = await asker.probe(connection, signal)
    if (!signal.aborted) onCheck(asked.ok ? 'success' : (asked.reason ?? 'refused'))
    return asked
  }

  /**
   * A pass is evidence and nothing more: were it counted, a connection that fails its traffic and passes its probes
   * would never leave. A failure counts like any request's.
   */
  async function beside(connection: Connection): Promise<Asked> {
    const asked = await probe(connection)
    if (signal.aborted) return asked
    const outcome = outcomeOf(asked)
    const entry = pool.entry(connection)
    // It leads elsewhere by now: another key, another model.
    if (sharedId(entry.connection) !== sharedId(connection)) return asked
    if (outcome.kind === 'failure') {
      // Of a trial its own request decides; what is out stays out for longer.
      if (entry.state.kind === 'ready') pool.acquire(entry).settle(outcome)
      else pool.eject(connection, outcome.reason, outcome.message)
    }
    evidence.probed(connection, asked)
    return asked
  }

  return {
    beside,
    mayTry(connection) {
      const now = clock.monotonic()
      for (const [id, until] of restUntil) if (until <= now) restUntil.delete(id)
      return !restUntil.has(sharedId(connection)) && awaitsTrial(pool.entry(connection).state, now)
    },
    async asTrial(connection) {
      const hold = pool.acquire(pool.entry(connection))
      const asked = await probe(connection)
      if (signal.aborted) return hold.settle({ kind: 'neutral' })
      const outcome = outcomeOf(asked)
      const id = sharedId(connection)
      if (outcome.kind === 'neutral') restUntil.set(id, clock.monotonic() + intervalMs)
      hold.settle(outcome)
      evidence.probed(connection, asked)
    },
    async onDemand(connection) {
      const asked = await beside(connection)
      if (asked.ok && sharedId(pool.entry(connection).connection) === sharedId(connection)) {
        restUntil.delete(sharedId(connection))
        pool.restore(connection)
      }
      return asked
    },
  }
}
