import type { Clock } from '../../core/clock.ts'
import type { Connection } from '../../core/entities.ts'
import type { LeaseStore } from '../../store/contract.ts'
import { type Transition, trialWaitMs } from '../pool-link.ts'
import { createKeyedQueue, type KeyedQueue } from './keyed-queue.ts'
import { sharedId } from './shared-outage.ts'
import type { Schedule } from './timers.ts'
import {
  askAgainMs,
  askedMs,
  createTrial,
  leadMs,
  marginMs,
  nextAsk,
  offeredMs,
  offerLapsesMs,
  type Trial,
  type TrialPhase,
} from './trial.ts'

export interface TrialsOptions {
  leases: LeaseStore
  /** This process, as its leases name it. */
  holder: string
  up: () => boolean
  /** Whether something of a connection is still to be told. */
  isTelling: (connectionId: string) => boolean
  /** Nobody uses a trial that is due: answers whether someone does now, or within 2 s. null: nobody ever would. */
  onUnused: ((connectionId: string) => boolean) | null
  clock: Clock
  random: () => number
  schedule: Schedule
}

/**
 * A trial in flight prolongs its lease: were that taken for the request's whole deadline, a process that dies would
 * take the trial with it.
 */
const tryingMs = 10_000
const renewMs = 4_000
/** The others are to hear what a trial has come to before they can have the next one. */
const tellingMs = 250
/** What went unused is not asked for again before the others had their chance. */
const restMs = marginMs + 250
const afterFaultMs = 1_000
const atOnce = 8
const perSecond = 100
const looksPerSecond = 8

/**
 * Which connections' trials are this process's to send. A trial is the lease `trial:<id>`, asked for in the background,
 * and not by everybody: as the cooldown ends by those who have refused clients, then by who told the outage; later by
 * those whose requests ask for it, as soon as it is free. Everybody else only looks whether it lies unused, seldom, and
 * only where someone can use it then.
 *
 * With 50,000 connections out and 1,000 replicas: about 300 cooldowns of 30 to 300 s end in a second, and for each who
 * told it makes two or three calls; the looks are 8 a second and replica, 8,000 in all; and a replica asks at most once
 * in 1.5 s for a lease that another has, 8 at once and 100 a second for all, so that a fleet in which everyone wants
 * everything makes 100,000 calls a second at the very most, and fewer as the store grows slow.
 */
export class Trials {
  readonly #options: TrialsOptions
  readonly #trials = new Map<string, Trial>()
  readonly #queue: KeyedQueue
  readonly #looks: KeyedQueue

  constructor(options: TrialsOptions) {
    this.#options = options
    const { up: canRun, clock, schedule } = options
    this.#queue = createKeyedQueue({
      work: (connectionId) => this.#settle(connectionId),
      atOnce,
      perSecond,
      canRun,
      clock,
      schedule,
    })
    this.#looks = createKeyedQueue({
      work: async (connectionId) => this.#look(connectionId),
      atOnce: 1,
      perSecond: looksPerSecond,
      canRun,
      clock,
      schedule,
    })
  }

  note({ connection, from, to, origin }: Transition): void {
    if (to.kind === 'ready') return this.#end(connection.id)
    const trial = this.#trialOf(connection)
    trial.isOver = false
    if (to.kind === 'trial') this.#begin(trial, to.heldUntil)
    else if (from.kind === 'trial' && from.out === to) this.#offerAgain(trial)
    else {
      const isExtension = from.kind === 'cooling' || from.kind === 'unhealthy'
      this.#await(trial, to.until, origin === 'here', isExtension && trial.isExpected)
    }
  }

  /** Asked on every choice that meets a connection whose trial is due. */
  mayTry(connectionId: string): boolean {
    if (!this.#options.up()) return true
    const trial = this.#trials.get(connectionId)
    if (trial === undefined) return false
    const now = this.#options.clock.monotonic()
    const wasAsked = now - trial.askedAt < askedMs
    trial.askedAt = now
    if (trial.phase === 'offered' && now < trial.offeredUntil) return true
    if (!wasAsked) this.#plan(trial)
    return false
  }

  /** A client is told to come back. Answers how long this process may wait for the trial once it is due, ms. */
  refused(connectionId: string): number {
    const trial = this.#trials.get(connectionId)
    if (trial === undefined) return trialWaitMs
    if (!trial.isExpected) {
      trial.isExpected = true
      this.#plan(trial)
    }
    return offerLapsesMs(trial, this.#options.clock.monotonic()) ?? trialWaitMs
  }

  /** There is a new snapshot: a lease of what is gone lapses by itself. */
  retain(isKept: (connectionId: string, shared: string) => boolean): void {
    for (const trial of this.#trials.values()) {
      if (!isKept(trial.connectionId, trial.shared)) this.#drop(trial)
    }
  }

  /** The store is lost, or has returned: what was known of leases is void. */
  relink(): void {
    for (const trial of this.#trials.values()) {
      trial.leaseUntil = 0
      trial.othersUntil = 0
      trial.freeAt = 0
      if (trial.phase === 'offered') trial.phase = 'away'
      if (trial.phase === 'trying') this.#queue.add(trial.connectionId, true)
      else this.#plan(trial)
    }
    this.#queue.resume()
    this.#looks.resume()
  }

  /** Gives back what is held. */
  async close(): Promise<void> {
    const { leases, holder, clock } = this.#options
    for (const { stopTimer } of this.#trials.values()) stopTimer?.()
    await Promise.all([this.#queue.close(), this.#looks.close()])
    const held = [...this.#trials.values()].filter(({ leaseUntil }) => leaseUntil > clock.monotonic())
    for (const trial of this.#trials.values()) this.#drop(trial)
    await Promise.allSettled(held.map(({ shared }) => leases.release(nameOf(shared), holder)))
  }

  #trialOf(connection: Connection): Trial {
    const shared = sharedId(connection)
    const known = this.#trials.get(connection.id)
    if (known?.shared === shared) return known
    if (known !== undefined) this.#drop(known)
    const trial = createTrial(connection.id, shared)
    this.#trials.set(connection.id, trial)
    return trial
  }

  #drop(trial: Trial): void {
    this.#stop(trial)
    if (this.#isKnown(trial)) this.#trials.delete(trial.connectionId)
  }

  #isKnown(trial: Trial): boolean {
    return this.#trials.get(trial.connectionId) === trial
  }

  #stop(trial: Trial): void {
    trial.stopTimer?.()
    trial.stopTimer = null
  }

  #at(trial: Trial, moment: number, task: () => void): void {
    this.#stop(trial)
    const { clock, schedule } = this.#options
    trial.stopTimer = schedule(Math.max(0, moment - clock.monotonic()), () => {
      trial.stopTimer = null
      task()
    })
  }

  /** Sees to it that the lease of a trial that is away is asked for when its time has come. */
  #plan(trial: Trial): void {
    if (trial.phase !== 'away') return
    if (trial.isOver) return this.#drop(trial)
    const { clock, random, onUnused } = this.#options
    const now = clock.monotonic()
    const { at, look } = nextAsk(trial, now, random)
    this.#stop(trial)
    if (look && onUnused !== null) this.#at(trial, at, () => this.#looks.add(trial.connectionId))
    if (look) return
    if (at <= now) this.#queue.add(trial.connectionId, true)
    else this.#at(trial, at, () => this.#queue.add(trial.connectionId, true))
  }

  #look(connectionId: string): void {
    const trial = this.#trials.get(connectionId)
    if (trial?.phase !== 'away') return
    trial.isLook = true
    this.#queue.add(connectionId)
  }

  /** The connection is out until then. */
  #await(trial: Trial, until: number, isOurs: boolean, isExpected: boolean): void {
    Object.assign(trial, { until, isOurs, isExpected, askedAt: -Infinity, rounds: 0, isLent: false })
    if (trial.phase === 'away') this.#plan(trial)
    else if (trial.phase !== 'leaving') this.#leave(trial, tellingMs)
  }

  #begin(trial: Trial, heldUntil: number): void {
    this.#stop(trial)
    trial.phase = 'trying'
    trial.tryingUntil = heldUntil
    this.#queue.add(trial.connectionId, true)
  }

  #end(connectionId: string): void {
    const trial = this.#trials.get(connectionId)
    if (trial === undefined) return
    trial.isOver = true
    if (trial.phase === 'away') this.#drop(trial)
    else if (trial.phase !== 'leaving') this.#leave(trial, tellingMs)
  }

  /** A trial has decided nothing: the next request may have its lease, which is not yet used up. */
  #offerAgain(trial: Trial): void {
    const now = this.#options.clock.monotonic()
    trial.askedAt = now
    const until = Math.min(now + offeredMs, trial.leaseUntil - marginMs)
    if (until > now) this.#offer(trial, until)
    else this.#leave(trial, 0)
  }

  #offer(trial: Trial, until: number): void {
    trial.phase = 'offered'
    trial.offeredUntil = until
    this.#at(trial, until, () => this.#pass(trial))
  }

  /** Nobody has used it: it goes to whoever takes what requests do not use, or on to the other replicas. */
  #pass(trial: Trial): void {
    const { clock, onUnused } = this.#options
    const now = clock.monotonic()
    if (!this.#isIn(trial, 'offered')) return
    if (!trial.isLent && trial.until <= now && onUnused?.(trial.connectionId) === true) {
      // It may have begun within the call.
      if (!this.#isIn(trial, 'offered')) return
      trial.isLent = true
      this.#offer(trial, now + offeredMs)
      return this.#queue.add(trial.connectionId, true)
    }
    trial.freeAt = now + restMs
    this.#leave(trial, 0)
  }

  #isIn(trial: Trial, phase: TrialPhase): boolean {
    return trial.phase === phase
  }

  #leave(trial: Trial, waitMs: number): void {
    const { clock, isTelling } = this.#options
    const { connectionId } = trial
    trial.phase = 'leaving'
    this.#at(trial, clock.monotonic() + waitMs, () => {
      const isHeld = trial.leaseUntil > clock.monotonic()
      if (isHeld && isTelling(connectionId)) this.#leave(trial, tellingMs)
      else this.#queue.add(connectionId, true)
    })
  }

  /** Brings the lease in the store to what the phase asks for; for one connection never twice at a time. */
  async #settle(connectionId: string): Promise<void> {
    const trial = this.#trials.get(connectionId)
    if (trial === undefined) return
    try {
      if (trial.phase === 'leaving') await this.#giveBack(trial)
      else if (trial.phase === 'trying') await this.#prolong(trial)
      else if (trial.phase === 'away') await this.#ask(trial)
      else if (trial.isLent) await this.#take(trial, offeredMs + marginMs)
    } catch {
      const { clock } = this.#options
      trial.freeAt = clock.monotonic() + afterFaultMs
      const again = () => this.#queue.add(connectionId, true)
      if (this.#isIn(trial, 'trying') && this.#isKnown(trial)) this.#at(trial, trial.freeAt, again)
      else if (this.#isIn(trial, 'away') && this.#isKnown(trial)) this.#plan(trial)
    }
  }

  async #take(trial: Trial, ms: number) {
    const { leases, holder, clock } = this.#options
    const before = clock.monotonic()
    const answer = await leases.take(nameOf(trial.shared), holder, Math.ceil(ms))
    trial.leaseUntil = answer.held ? before + ms : 0
    trial.othersUntil = answer.held ? 0 : clock.monotonic() + answer.remainingMs
    return answer
  }

  async #ask(trial: Trial): Promise<void> {
    const { clock, random } = this.#options
    const now = clock.monotonic()
    // A last resort comes long before the cooldown's end: it is used soon or not at all.
    const until = offeredMs + (trial.until > now + leadMs ? now : Math.max(trial.until, now))
    const { isLook } = trial
    trial.isLook = false
    const { held, remainingMs } = await this.#take(trial, until - now + marginMs)
    if (trial.until <= now + leadMs) trial.rounds++
    if (!this.#isKnown(trial)) return held ? this.#release(trial) : undefined
    if (!this.#isIn(trial, 'away')) return
    if (!held) {
      trial.freeAt = clock.monotonic() + askAgainMs(remainingMs, random)
      return this.#plan(trial)
    }
    trial.isLent = false
    this.#offer(trial, until)
    if (isLook && clock.monotonic() - trial.askedAt >= askedMs) this.#pass(trial)
  }

  async #prolong(trial: Trial): Promise<void> {
    const { clock } = this.#options
    if (clock.monotonic() >= trial.tryingUntil) return this.#leave(trial, 0)
    await this.#take(trial, tryingMs)
    if (!this.#isIn(trial, 'trying')) return
    this.#at(trial, clock.monotonic() + renewMs, () => this.#queue.add(trial.connectionId, true))
  }

  async #giveBack(trial: Trial): Promise<void> {
    try {
      if (trial.leaseUntil > this.#options.clock.monotonic()) await this.#release(trial)
    } finally {
      if (this.#isIn(trial, 'leaving')) {
        trial.phase = 'away'
        if (this.#isKnown(trial)) this.#plan(trial)
      }
    }
  }

  async #release(trial: Trial): Promise<void> {
    const { leases, holder } = this.#options
    trial.leaseUntil = 0
    await leases.release(nameOf(trial.shared), holder)
  }
}

function nameOf(shared: string): string {
  return `trial:${shared}`
}
