import type { OutageChange, Store } from '../../src/store/contract.ts'
import type { Costs } from './costs.ts'
import type { EventQueue } from './event-queue.ts'
import { createServerTime, type Second, type ServerTime } from './server-time.ts'

/** One server that all replicas ask, which does one thing at a time and takes as long as was measured. */
export interface ModelledServer {
  /** One replica's way to it. */
  open(): Way
  /** By the second. */
  readonly seconds: readonly Second[]
}

export type Way = Pick<Store, 'pool' | 'leases' | 'up' | 'onLink'>

export interface ModelledServerOptions {
  /** What is in it. */
  readonly inner: Store
  readonly costs: Costs
  readonly queue: EventQueue
}

export function createModelledServer({ inner, costs, queue }: ModelledServerOptions): ModelledServer {
  const listeners = new Set<(change: OutageChange) => void>()
  const { seconds, call, tell } = createServerTime({ queue })
  inner.pool.watch((change) => {
    const inMs = tell(listeners.size, costs.hear.cpuUs, costs.hear.bytesOut)
    queue.schedule(inMs, () => {
      for (const listener of listeners) listener(change)
    })
  })
  return { seconds, open: () => openWay({ inner, costs, call, listeners }) }
}

interface WayOptions extends Pick<ModelledServerOptions, 'inner' | 'costs'> {
  readonly call: ServerTime['call']
  readonly listeners: Set<(change: OutageChange) => void>
}

function openWay({ inner: { pool, leases }, costs, call, listeners }: WayOptions): Way {
  const { eject, restore, release, outagesNone, outagesEach, takeFree, takeHeld } = costs
  const always = (cost: Costs['eject']) => () => cost.cpuUs
  return {
    pool: {
      eject: (id, outage) => call('eject', always(eject), () => pool.eject(id, outage)),
      restore: (id, ended) => call('restore', always(restore), () => pool.restore(id, ended)),
      outages: () =>
        call(
          'outages',
          (all) => outagesNone.cpuUs + all.size * outagesEach.cpuUs,
          () => pool.outages(),
        ),
      // The least of the scripts, asked as often as that for outages.
      firstSequence: () => call('firstSequence', always(outagesNone), () => pool.firstSequence()),
      watch(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    leases: {
      take: (name, holder, ms) =>
        call(
          'lease',
          ({ held }) => (held ? takeFree : takeHeld).cpuUs,
          () => leases.take(name, holder, ms),
        ),
      release: (name, holder) => call('release', always(release), () => leases.release(name, holder)),
    },
    up: () => true,
    onLink: () => () => undefined,
  }
}
