import type { Job, Reply } from './evaluator.ts'
import { ExpressionError } from './expression-error.ts'

export type ExpressionValues = Readonly<Record<string, unknown>>

/** A job with its caller. */
export interface WaitingJob {
  readonly job: Job
  answer(reply: Reply): void
  refuse(error: ExpressionError): void
}

export interface WaitingJobs {
  /** Rejects with ExpressionError: `busy` where too many wait, or it waited too long. */
  add(job: Job): Promise<ExpressionValues>
  /** The one that waited longest. */
  take(): WaitingJob | undefined
  refuseAll(error: ExpressionError): void
  readonly size: number
}

export interface WaitingJobsOptions {
  readonly maxWaiting: number
  readonly maxWaitMs: number
  readonly maxOutput: number
}

/** Jobs that wait for a worker, first come, first served. */
export function createWaitingJobs({ maxWaiting, maxWaitMs, maxOutput }: WaitingJobsOptions): WaitingJobs {
  const waiting = new Map<WaitingJob, NodeJS.Timeout>()
  const busy = () => new ExpressionError('busy', 'Too many templates are being evaluated.')

  function add(job: Job): Promise<ExpressionValues> {
    return new Promise((resolve, reject) => {
      if (waiting.size >= maxWaiting) return reject(busy())
      const entry: WaitingJob = {
        job,
        refuse: reject,
        answer: (reply) => {
          if ('fault' in reply) reject(new ExpressionError('failed', reply.fault.message, reply.fault))
          else if (reply.values.length > maxOutput) reject(tooLong(maxOutput))
          else resolve(JSON.parse(reply.values) as ExpressionValues)
        },
      }
      const giveUp = () => {
        waiting.delete(entry)
        reject(busy())
      }
      waiting.set(entry, setTimeout(giveUp, maxWaitMs))
    })
  }

  function take(): WaitingJob | undefined {
    for (const [entry, timer] of waiting) {
      clearTimeout(timer)
      waiting.delete(entry)
      return entry
    }
    return undefined
  }

  function refuseAll(error: ExpressionError): void {
    for (let entry = take(); entry !== undefined; entry = take()) entry.refuse(error)
  }

  return {
    add,
    take,
    refuseAll,
    get size() {
      return waiting.size
    },
  }
}

function tooLong(maxOutput: number): ExpressionError {
  return new ExpressionError('bounds', `It comes to more than ${maxOutput} characters.`)
}
