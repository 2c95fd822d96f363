import cluster, { type Worker } from 'node:cluster'
import { systemAfter } from '../../registry/timers.ts'
import { type Answers, type Channel, createChannel } from './channel.ts'

/** What is known of one worker. */
export interface Member {
  /** From 0; whoever follows it has the same. */
  readonly place: number
  readonly pid: number
  readonly channel: Channel
  /** Where its data plane listens; null: it does not yet. */
  url: string | null
  /** What it told last of its metrics; null: nothing yet. */
  text: string | null
  /** Why it could not start, in its own words. */
  failure: string | null
  readonly kill: () => void
}

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

export interface LaunchOptions {
  readonly place: number
  readonly answersTo: (member: () => Member) => Answers
  readonly onExit: (member: Member, exit: Exit) => void
}

/**
 * Starts a worker: this program anew, with the same arguments. All accept from one queue of the kernel's: where this
 * process handed connections on, one on its way to a worker that is killed would never be answered.
 */
export function launchMember({ place, answersTo, onExit }: LaunchOptions): Member {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const worker = cluster.fork()
  const channel = createChannel({
    send: (message, onFault) => pass(worker, message, onFault),
    listen: (listener) => worker.on('message', listener),
    answers: answersTo(() => member),
    after: systemAfter,
  })
  const member: Member = {
    place,
    pid: worker.process.pid ?? 0,
    channel,
    url: null,
    text: null,
    failure: null,
    kill: () => void worker.process.kill('SIGKILL'),
  }
  // What could not be passed on shows in the answer that stays away.
  worker.on('error', () => undefined)
  let hasEnded = false
  const end = (code: number | null, signal: string | null) => {
    if (hasEnded) return
    hasEnded = true
    channel.close()
    onExit(member, { code, signal })
  }
  worker.once('exit', end)
  // A process that could not be made has no exit.
  worker.process.once('error', (error) => {
    member.failure ??= error.message
    if (worker.process.pid === undefined) end(null, null)
  })
  return member
}

function pass(worker: Worker, message: object, onFault: (error: Error) => void): void {
  try {
    worker.process.send(message, (error: Error | null) => {
      if (error !== null) onFault(error)
    })
  } catch (error) {
    onFault(error instanceof Error ? error : new Error(String(error)))
  }
}
