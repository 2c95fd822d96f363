import type { Readiness } from '../../telemetry/pages.ts'
import type { Totals } from '../../telemetry/together.ts'
import type { Member } from './member.ts'
import type { Vitals } from './membership.ts'

export interface VitalsOptions {
  /** The members that listen. */
  readonly serving: () => readonly Member[]
  /** Whether all have listened at the same time once. */
  readonly hasStarted: () => boolean
  readonly totals: Totals
  /** What this process counts itself. */
  readonly own: () => Promise<string>
}

const metricsMs = 5_000
const readinessMs = 1_000

/** What all members tell together. One that is being started again takes no requests, so nobody waits for it. */
export function createVitals({ serving, hasStarted, totals, own }: VitalsOptions): Vitals {
  /** A member that does not answer is shown as it was: counters never go back. */
  async function ask(member: Member): Promise<void> {
    try {
      member.text = String(await member.channel.ask('metrics', null, metricsMs))
    } catch {
      // It has ended, and told its last; or its sign of life is awaited elsewhere.
    }
  }

  async function readinessOf({ place, channel }: Member): Promise<readonly string[]> {
    try {
      return ((await channel.ask('readiness', null, readinessMs)) as Readiness).reasons
    } catch {
      return [`worker ${place} does not answer`]
    }
  }

  return {
    async render() {
      const asked = serving()
      await Promise.all(asked.map(ask))
      const there = serving()
      return totals.render([await own(), ...there.flatMap(({ text }) => text ?? [])])
    },
    async ready() {
      if (!hasStarted()) return { ready: false, reasons: ['not all workers have started'] }
      const reasons = new Set((await Promise.all(serving().map(readinessOf))).flat())
      return { ready: reasons.size === 0, reasons: [...reasons] }
    },
  }
}
