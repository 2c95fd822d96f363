import { type Clock, systemClock } from '../../core/clock.ts'
import type { Log } from '../../telemetry/log.ts'
import { createTotals } from '../../telemetry/together.ts'
import { createWorkerMetrics } from '../../telemetry/worker-metrics.ts'
import { type Crew, createCrew } from './crew.ts'
import type { Member } from './member.ts'
import type { Vitals } from './membership.ts'
import { createVitals } from './vitals.ts'

export interface PrimaryOptions {
  readonly count: number
  readonly log: Log
  readonly version: string
  /** Resolves when all are to end. */
  readonly stopped: Promise<void>
  /** How long all may take to end, ms; who has not by then is killed. */
  readonly drainMs: number
  readonly clock?: Clock
}

export interface PrimaryEnd {
  readonly code: number
  /** Why the workers could not be started; null: they were. */
  readonly failed: string | null
}

/** How often each is asked for a sign of life, and how long it may take, ms. */
const pulseEveryMs = 10_000
const pulseMs = 30_000

/**
 * Starts the workers and keeps so many running, until told to end, or until they cannot be kept running. Serves nothing
 * itself but what they ask: what all tell together. Resolves once none is left.
 */
export async function runPrimary(options: PrimaryOptions): Promise<PrimaryEnd> {
  const { count, log, version, stopped, drainMs, clock = systemClock } = options
  const totals = createTotals()
  let hasStarted = false
  let isEnding = false
  let giveUp: (reason: string | null) => void = () => undefined
  const hopeless = new Promise<{ reason: string | null }>((resolve) => {
    giveUp = (reason) => resolve({ reason })
  })
  const crew: Crew = createCrew({
    count,
    log,
    clock,
    answers: { metrics: () => vitals.render(), readiness: () => vitals.ready() },
    onServing(member) {
      const { place, pid, url } = member
      log.info('a worker serves', { worker: place, pid })
      // Told while it was being started, it may not have heard.
      if (isEnding) tell(member, 'drain')
      if (hasStarted) return
      hasStarted = crew.serving().length === count
      if (hasStarted) log.info('listening', { url, version, workers: count })
    },
    onGone({ text }, isExpected) {
      if (text !== null) totals.retire(text)
      if (!isExpected) metrics.ended()
    },
    onHopeless: giveUp,
  })
  const metrics = createWorkerMetrics({ serving: () => crew.serving().length })
  const vitals: Vitals = createVitals({
    serving: crew.serving,
    hasStarted: () => hasStarted,
    totals,
    own: metrics.render,
  })

  // Whatever ends this process; after SIGKILL they notice by themselves.
  process.once('exit', crew.killAll)
  const reload = () => tellAll(crew, 'reload')
  process.on('SIGHUP', reload)
  const pulse = setInterval(() => feel(crew, log), pulseEveryMs)
  crew.start()
  const fault = await Promise.race([stopped, hopeless])
  clearInterval(pulse)
  isEnding = true
  if (fault === undefined) tellAll(crew, 'drain')
  else crew.killAll()
  const late = setTimeout(crew.killAll, drainMs)
  const endedWell = await crew.end()
  clearTimeout(late)
  process.off('SIGHUP', reload)
  process.off('exit', crew.killAll)
  if (fault === undefined) return { code: endedWell ? 0 : 1, failed: null }
  return { code: 1, failed: hasStarted ? null : (fault.reason ?? 'no worker could be started, see the log') }
}

function tellAll(crew: Crew, what: 'reload' | 'drain'): void {
  for (const member of crew.all()) tell(member, what)
}

function tell({ channel }: Member, what: 'reload' | 'drain'): void {
  channel.ask(what).catch(() => undefined)
}

/** One that hangs keeps its connections waiting; killed, it is started again. */
function feel(crew: Crew, log: Log): void {
  for (const member of crew.serving()) {
    member.channel.ask('pulse', null, pulseMs).catch(() => {
      if (!crew.serving().includes(member)) return
      log.error('a worker gives no sign of life', { worker: member.place, pid: member.pid })
      member.kill()
    })
  }
}
