import cluster from 'node:cluster'
import { systemAfter } from '../../registry/timers.ts'
import type { Readiness } from '../../telemetry/pages.ts'
import { createChannel } from './channel.ts'

/** What a process tells of itself. */
export interface Vitals {
  /** Its metrics, in the text format. Rejects where they cannot be had. */
  readonly render: () => Promise<string>
  readonly ready: () => Readiness | Promise<Readiness>
}

/** This process is one of several that serve as one. */
export interface Membership {
  /** From 0; of those that run at the same time each has another. */
  readonly place: number
  /** Resolves when it is to drain: told so, or `alone`, since the process that started it is gone. */
  readonly ended: Promise<'told' | 'alone'>
  /** What all tell together, given what this one does. */
  vitals(own: Vitals): Vitals
  onReload(task: () => void): void
  /** Serves at `url`. */
  started(url: string): Promise<void>
  /** Cannot start, and why. */
  failed(reason: string): Promise<void>
  /** Hands on what it counted; nothing is counted afterwards. */
  close(): Promise<void>
}

/** Whether this process was started to be one of several. */
export function isMember(): boolean {
  return cluster.isWorker
}

/** Longer than the others may take to tell theirs. */
const togetherMs = 8_000

/** Rejects where the process that started this one does not answer. */
export async function joinOthers(): Promise<Membership> {
  let own: Vitals | null = null
  let reload = () => undefined as void
  let drain: (why: 'told' | 'alone') => void = () => undefined
  const ended = new Promise<'told' | 'alone'>((resolve) => {
    drain = resolve
  })
  const channel = createChannel({
    send: pass,
    listen: (listener) => process.on('message', listener),
    answers: {
      metrics: () => own?.render() ?? '',
      readiness: () => own?.ready() ?? { ready: false, reasons: ['it is being started'] },
      drain: () => drain('told'),
      reload: () => reload(),
      pulse: () => true,
    },
    after: systemAfter,
  })
  process.once('disconnect', () => {
    channel.close()
    drain('alone')
  })
  // Otherwise node:cluster ends the process at that moment, and the streams with it.
  if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true
  const place = Number(await channel.ask('place'))
  const tell = async (what: string, value: unknown) => {
    // Whoever does not hear it is gone.
    await channel.ask(what, value).catch(() => undefined)
  }
  return {
    place,
    ended,
    vitals(mine) {
      own = mine
      return {
        render: async () => String(await channel.ask('metrics', null, togetherMs)),
        ready: async () => (await channel.ask('readiness', null, togetherMs)) as Readiness,
      }
    },
    onReload(task) {
      reload = task
    },
    started: (url) => tell('started', url),
    failed: (reason) => tell('failed', reason),
    async close() {
      await tell('last', (await own?.render()) ?? '')
      own = null
    },
  }
}

function pass(message: object, onFault: (error: Error) => void): void {
  if (process.send === undefined) return onFault(new Error('there is no other process'))
  try {
    process.send(message, (error: Error | null) => {
      if (error !== null) onFault(error)
    })
  } catch (error) {
    onFault(error instanceof Error ? error : new Error(String(error)))
  }
}
