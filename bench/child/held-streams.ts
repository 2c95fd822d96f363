import { Agent } from 'undici'
import type { FramesResult, Opening } from '../messages.ts'
import { createFrameCheck, type FrameCheck } from './check-frames.ts'
import { exchange, requestTo } from './exchange.ts'

interface Held {
  readonly check: FrameCheck
  readonly expected: number
  readonly ended: Promise<boolean>
  readonly abort: () => void
}

export interface HeldStreams {
  /** Resolves when each has had its first frame with content. */
  readonly open: (job: Opening) => Promise<void>
  /** Frames with content so far, of all that are open. */
  readonly frames: () => number
  /** Waits until all have ended, and counts. */
  readonly finish: () => Promise<FramesResult>
  /** Breaks off all that are open. */
  readonly release: () => Promise<void>
}

/** At most so many on the way at once: the listeners' backlog is finite. */
const opening = 200

/** Streams that stay open, each on a connection of its own. */
export function createHeldStreams(): HeldStreams {
  let dispatcher = new Agent({ allowH2: false })
  let held: Held[] = []

  const openOne = (job: Opening, request: ReturnType<typeof requestTo>) =>
    new Promise<void>((resolve, reject) => {
      const check = createFrameCheck()
      let abort = () => {}
      const onData = (bytes: Buffer) => {
        check.push(bytes)
        if (check.frames > 0) resolve()
      }
      const whole = exchange({ dispatcher, request, onData, onStart: (handle) => (abort = handle) })
      const ended = whole.then(
        () => true,
        (error: unknown) => {
          reject(error instanceof Error ? error : new Error(String(error)))
          return false
        },
      )
      held.push({ check, expected: job.chunks, ended, abort: () => abort() })
    })

  return {
    async open(job: Opening): Promise<void> {
      const request = requestTo(job)
      let next = 0
      const worker = async () => {
        while (next++ < job.streams) await openOne(job, request)
      }
      await Promise.all(Array.from({ length: Math.min(opening, job.streams) }, worker))
    },

    frames: () => held.reduce((sum, { check }) => sum + check.frames, 0),

    async finish(): Promise<FramesResult> {
      const result = { frames: 0, lost: 0 }
      for (const { check, expected, ended } of held) {
        const isWhole = await ended
        result.frames += check.frames
        result.lost += check.faults(expected) + (isWhole ? 0 : 1)
      }
      held = []
      return result
    },

    async release(): Promise<void> {
      const broken = held
      held = []
      for (const { abort } of broken) abort()
      await Promise.all(broken.map(({ ended }) => ended))
      await dispatcher.destroy()
      dispatcher = new Agent({ allowH2: false })
    },
  }
}
