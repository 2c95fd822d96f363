import type { Clock } from '../../core/clock.ts'
import type { Connection } from '../../core/entities.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Provider } from '../../core/provider.ts'
import type { Store } from '../../store/contract.ts'
import { switchedOff } from '../plan.ts'
import type { Pool } from '../pool.ts'
import type { Schedule } from '../shared/timers.ts'
import type { Asked, Asker } from './ask.ts'
import type { ConnectionHealth } from './connection-health.ts'
import { createCredentialCheck } from './credential-check.ts'
import type { HealthEvidence } from './evidence.ts'
import { createLimiter } from './limiter.ts'
import { type CheckResult, createProbes } from './probes.ts'
import { createRounds } from './rounds.ts'

export interface Refreshed {
  readonly connection: Connection
  readonly asked: Asked
  /** With what was found. */
  readonly health: ConnectionHealth
}

export interface Prober {
  /**
   * Nobody has used the trial of a connection that is due: whether a probe begins as that trial, now. Never throws.
   * A trial is left to traffic where probes are switched off, or where none can begin at once.
   */
  checkTrial(connection: Connection): boolean
  /** Probes now, whatever their state; a pass returns a connection at once. Never rejects. */
  refresh(connections: readonly Connection[]): Promise<readonly Refreshed[]>
  start(): void
  /** Gives up what is under way; to be called when draining begins. */
  close(): Promise<void>
}

export interface ProberOptions {
  readonly pool: Pool
  readonly asker: Asker
  readonly evidence: HealthEvidence
  readonly providers: ReadonlyMap<string, Provider>
  /** Of the snapshot that is current. */
  readonly connections: () => Iterable<Connection>
  readonly store: Pick<Store, 'leases' | 'up'>
  /** Names this process, as leases know it. */
  readonly holder: string
  /** `health.enabled`: false leaves only what is asked for, and the check of a credential that was refused. */
  readonly isEnabled: boolean
  /** `health.interval_seconds`, in ms. */
  readonly intervalMs: number
  readonly maxConcurrency: number
  /** Every probe that has ended. */
  readonly onCheck: (result: CheckResult) => void
  /** A fault of the gateway's own: to be logged. */
  readonly onFault: (error: unknown) => void
  readonly clock: Clock
  readonly schedule: Schedule
  readonly random: () => number
}

/** Probes connections: in rounds, as trials that no request takes, when asked, and to confirm a refused credential. */
export function createProber(options: ProberOptions): Prober {
  const { pool, evidence, store, isEnabled, intervalMs, clock, onFault } = options
  const limiter = createLimiter(options.maxConcurrency)
  const stop = new AbortController()
  const due = new Map<string, Connection>()
  const probes = createProbes({ ...options, signal: stop.signal })
  const rounds = createRounds({
    ...options,
    leases: store.leases,
    up: store.up,
    prepare: () => evidence.refresh(intervalMs / 10),
    visit(connection) {
      due.set(connection.id, connection)
      pump()
    },
  })
  const credentialCheck = createCredentialCheck({
    ...options,
    probe: (connection) => probes.beside(connection),
    run: (work) => limiter.run(work),
    signal: stop.signal,
  })
  const stopListening = pool.onTransition((change) => credentialCheck.onTransition(change))

  function mayProbe(connection: Connection): boolean {
    return isEnabled && connection.probe && switchedOff(connection) === null && !stop.signal.aborted
  }

  /** What is out has its trials. What has served, here or elsewhere, is known to be well. */
  function isDue(connection: Connection): boolean {
    if (!mayProbe(connection) || pool.entry(connection).state.kind !== 'ready') return false
    const { success, probe } = evidence.lastGood(connection)
    const now = clock.now()
    // A probe less than half an interval old is of this round, by another's hand or because somebody asked.
    return now - success >= intervalMs && now - probe >= intervalMs / 2
  }

  function pump(): void {
    for (const [id, connection] of due) {
      if (!limiter.isFree) return
      due.delete(id)
      if (rounds.isHolder() && isDue(connection)) begin(() => probes.beside(connection))
    }
  }

  function begin(work: () => Promise<unknown>): void {
    limiter.run(work).then(pump).catch(onFault)
  }

  return {
    checkTrial(connection) {
      if (!limiter.isFree || !mayProbe(connection) || !probes.mayTry(connection)) return false
      begin(() => probes.asTrial(connection))
      return true
    },
    refresh: (asked) =>
      Promise.all(
        asked.map(async (connection) => {
          const found = await limiter.run(() => probes.onDemand(connection))
          return { connection, asked: found, health: evidence.connection(connection) }
        }),
      ),
    start() {
      if (isEnabled) rounds.start()
    },
    async close() {
      stopListening()
      due.clear()
      stop.abort(new GatewayError('shutting_down', 'The gateway is closing.'))
      await rounds.close()
      await credentialCheck.idle()
      await limiter.idle()
    },
  }
}
