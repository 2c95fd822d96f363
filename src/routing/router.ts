import { type Clock, systemClock } from '../core/clock.ts'
import type { Connection, Model } from '../core/entities.ts'
import type { GatewayError } from '../core/errors.ts'
import type { AttemptOutcome } from '../core/failure.ts'
import { createChooser } from './candidates.ts'
import { outage } from './connection-state.ts'
import { failureClass } from './cooldown.ts'
import { type Explanation, explain } from './explain.ts'
import { pickError } from './pick-error.ts'
import { type Slot, switchedOff } from './plan.ts'
import type { Transition } from './pool-link.ts'
import type { Pool } from './pool.ts'
import {
  connectionDisabled,
  connectionNotFound,
  connectionUnhealthy,
  noEnabledConnection,
  noHealthyConnection,
  rateLimited,
} from './refusals.ts'
import {
  backoffMs,
  createRetryBudget,
  defaultRetry,
  type RequestInFlight,
  type RetrySettings,
} from './retry-budget.ts'
import { type ConnectionStatus, statusOf } from './status.ts'

/** One try on one connection, in flight until it is settled. */
export interface Attempt {
  readonly connection: Connection
  /** The upstream's first event has come. A trial is won then, since the rest of an answer may take minutes. */
  answered(): void
  /** What it came to, to be said exactly once; further calls do nothing. */
  settle(outcome: AttemptOutcome): void
}

export interface AttemptQuery {
  readonly model: Model
  /** The connection that the client named, which is then the only candidate. */
  readonly connectionName: string | null
  /** What requests of one conversation share (`policies/affinity-key.ts`). */
  readonly affinityKey: string | null
  /** Ids of connections that this request has tried already, or cannot use. */
  readonly tried: ReadonlySet<string>
}

export type Choice =
  | { readonly kind: 'attempt'; readonly attempt: Attempt }
  /** The error is made when it is read: whoever is told when to come back is expected then. */
  | { readonly kind: 'none'; readonly error: GatewayError }

export interface Router {
  /** Counts a client request as in flight, and answers for its retries. */
  begin(): RequestInFlight
  /** The next connection for a request. Chooses from memory: no I/O, and nothing to wait for. */
  acquire(query: AttemptQuery): Choice
  /** The pause before the only candidate is tried again after its nth failure, ms. */
  backoffMs(attempts: number): number
  /** Of several failures the one to show. Throws where there is none. */
  pickError(errors: readonly GatewayError[], model: Model, connectionName?: string | null): GatewayError
  /** Ms until a candidate may be asked: 0 where one may be now, null where there is none. */
  soonestReturn(model: Model, connectionName?: string | null): number | null
  /** What the next request for a model would try, and why the other connections are left out. */
  explain(model: Model): Explanation
  status(connection: Connection): ConnectionStatus
  /** Every change of a connection's state, for metrics. Returns what ends it. */
  onTransition(listener: (change: Transition) => void): () => void
}

export interface RouterOptions {
  pool: Pool
  clock?: Clock
  random?: () => number
  retry?: Partial<RetrySettings>
}

/** Which connection next (design §7). */
export function createRouter({
  pool,
  clock = systemClock,
  random = Math.random,
  retry = {},
}: RouterOptions): Router {
  const chooser = createChooser({ pool, clock, random })
  const budget = createRetryBudget({ ...defaultRetry, ...retry })

  function attempt({ connection, entry }: Slot): Choice {
    return { kind: 'attempt', attempt: pool.acquire(entry, connection) }
  }

  function acquireNamed({ model, tried }: AttemptQuery, name: string): Choice {
    const slot = chooser.planOf(model).byName.get(name)
    if (slot === undefined) return none(() => connectionNotFound(model, name))
    const { connection } = slot
    const off = switchedOff(connection)
    if (off !== null) return none(() => connectionDisabled(connection, off))
    if (!tried.has(connection.id) && chooser.isOpen(slot)) return attempt(slot)
    return none(() => connectionUnhealthy(connection, chooser.waitMs(slot)))
  }

  function refusal(model: Model, tried: ReadonlySet<string>): GatewayError {
    const { candidates } = chooser.planOf(model)
    if (candidates.length === 0) return noEnabledConnection(model)
    const untried = candidates.filter(({ connection }) => !tried.has(connection.id))
    const waitMs = soonest(untried.length > 0 ? untried : candidates)
    return untried.length > 0 && untried.every(isAtLimit)
      ? rateLimited(model, waitMs)
      : noHealthyConnection(model, waitMs)
  }

  function soonest(slots: readonly Slot[]): number {
    return slots.reduce((least, slot) => Math.min(least, chooser.waitMs(slot)), Infinity)
  }

  function soonestReturn(model: Model, connectionName: string | null = null): number | null {
    const { candidates, byName } = chooser.planOf(model)
    const named = connectionName === null ? undefined : byName.get(connectionName)
    const slots = named === undefined ? candidates : [named]
    return slots.length === 0 ? null : soonest(slots)
  }

  return {
    begin: () => budget.begin(),
    acquire(query) {
      if (query.connectionName !== null) return acquireNamed(query, query.connectionName)
      const slot = chooser.next(query.model, query)
      return slot === null ? none(() => refusal(query.model, query.tried)) : attempt(slot)
    },
    backoffMs: (attempts) => backoffMs(attempts, random),
    pickError: (errors, model, connectionName) =>
      pickError(errors, () => soonestReturn(model, connectionName)),
    soonestReturn,
    explain: (model) => explain(chooser, clock, model),
    status: (connection) => statusOf(connection, pool.entry(connection), clock),
    onTransition: (listener) => pool.onTransition(listener),
  }
}

function none(makeError: () => GatewayError): Choice {
  let error: GatewayError | null = null
  return {
    kind: 'none',
    get error() {
      error ??= makeError()
      return error
    },
  }
}

function isAtLimit({ entry }: Slot): boolean {
  const out = outage(entry.state)
  return out !== null && failureClass(out.reason) === 'limit'
}
