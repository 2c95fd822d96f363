import { Worker } from 'node:worker_threads'
import type { Job, Reply } from './evaluator.ts'
import { ExpressionError } from './expression-error.ts'
import { type EvaluatorLimits, evaluatorLimits } from './limits.ts'
import { createWaitingJobs, type ExpressionValues, type WaitingJob } from './waiting-jobs.ts'

export interface ExpressionPoolOptions {
  readonly maxWorkers?: number
  /** From a worker's start to its first job; ms. */
  readonly startMs?: number
  /** For one job, all its expressions; ms. A worker that is over it is ended and replaced. */
  readonly deadlineMs?: number
  /** Jobs that wait for a worker, and how long each may; ms. */
  readonly maxWaiting?: number
  readonly maxWaitMs?: number
  /** Characters of one job's input, and of its values together. */
  readonly maxInput?: number
  readonly maxOutput?: number
  /** Heap of one worker. */
  readonly maxHeapMb?: number
  /** What one job may take within its worker. */
  readonly limits?: EvaluatorLimits
}

export interface ExpressionPool {
  /** The values by their expressions' names; one that came to nothing has none. Rejects with ExpressionError. */
  run(job: Job): Promise<ExpressionValues>
  /** Ends the workers; what is under way or waits is `busy`. */
  close(): Promise<void>
}

interface Slot {
  readonly worker: Worker
  ready: boolean
  current: WaitingJob | null
  timer: NodeJS.Timeout
}

const mebi = 1024 * 1024

/**
 * Evaluates expressions in worker threads, started when first needed: what blocks one is ended at its deadline, what
 * exhausts its heap ends only it. Workers get neither the environment nor anything but the jobs.
 */
export function createExpressionPool(options: ExpressionPoolOptions = {}): ExpressionPool {
  const { maxWorkers = 2, startMs = 10_000, deadlineMs = 1000, maxHeapMb = 256 } = options
  const { maxInput = 8 * mebi, maxOutput = 16 * mebi, maxWaiting = 1000, maxWaitMs = 5000 } = options
  const { limits = evaluatorLimits } = options
  const waiting = createWaitingJobs({ maxWaiting, maxWaitMs, maxOutput })
  const slots = new Set<Slot>()
  const ending = new Set<Promise<unknown>>()
  let closed = false

  function start(): void {
    const worker = startWorker(maxHeapMb, limits)
    const tooLate = () => drop(slot, new ExpressionError('busy', 'No worker has started.'))
    const slot: Slot = { worker, ready: false, current: null, timer: setTimeout(tooLate, startMs) }
    slots.add(slot)
    worker.on('message', (reply: Reply | 'ready') => receive(slot, reply))
    worker.on('error', (error) => drop(slot, asExpressionError(error)))
    worker.on('exit', () => drop(slot, new ExpressionError('bounds', 'It ended its worker.')))
    // Last, since a listener for messages holds the process.
    worker.unref()
  }

  function receive(slot: Slot, reply: Reply | 'ready'): void {
    clearTimeout(slot.timer)
    if (reply === 'ready') slot.ready = true
    else slot.current?.answer(reply)
    slot.current = null
    dispatch()
  }

  function dispatch(): void {
    for (const slot of slots) {
      if (slot.ready && slot.current === null) giveTo(slot)
    }
    const starting = [...slots].filter(({ ready }) => !ready).length
    if (waiting.size > starting && slots.size < maxWorkers) start()
  }

  function giveTo(slot: Slot): void {
    const next = waiting.take()
    if (next === undefined) return
    slot.current = next
    const tooLong = () => drop(slot, new ExpressionError('bounds', `It takes longer than ${deadlineMs} ms.`))
    slot.timer = setTimeout(tooLong, deadlineMs)
    slot.worker.postMessage(next.job)
  }

  /** Ends a worker, once. Where none can start, what waits is refused: the next is only started for what comes then. */
  function drop(slot: Slot, error: ExpressionError): void {
    if (!slots.delete(slot)) return
    clearTimeout(slot.timer)
    const ended = slot.worker.terminate().catch(() => {})
    ending.add(ended)
    void ended.then(() => ending.delete(ended))
    slot.current?.refuse(withExpression(error, slot.current.job))
    if (slot.ready) dispatch()
    else if (slots.size === 0) waiting.refuseAll(error)
  }

  function run(job: Job): Promise<ExpressionValues> {
    if (closed) return Promise.reject(new ExpressionError('busy', 'The gateway is stopping.'))
    if (job.input.length > maxInput) {
      return Promise.reject(new ExpressionError('bounds', `Templates take ${maxInput} characters at most.`))
    }
    const values = waiting.add(job)
    dispatch()
    return values
  }

  async function close(): Promise<void> {
    closed = true
    const stopping = new ExpressionError('busy', 'The gateway is stopping.')
    waiting.refuseAll(stopping)
    for (const slot of slots) drop(slot, stopping)
    await Promise.all(ending)
  }

  return { run, close }
}

/** Node runs the sources as they are; what is built stands beside this file under its new extension. */
function startWorker(maxOldGenerationSizeMb: number, limits: EvaluatorLimits): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new Worker(new URL(`./expression-worker.${extension}`, import.meta.url), {
    name: 'modelgate-expressions',
    workerData: limits,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb, maxYoungGenerationSizeMb: 32, stackSizeMb: 8 },
  })
}

/** Where a job has one expression, that is the one that was under way. */
function withExpression({ kind, message }: ExpressionError, { expressions }: Job): ExpressionError {
  const [only, ...others] = expressions
  const expression = only === undefined || others.length > 0 ? null : only.name
  return new ExpressionError(kind, message, { expression })
}

function asExpressionError(error: unknown): ExpressionError {
  const isMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
  if (isMemory) return new ExpressionError('bounds', 'It takes more memory than templates may.')
  return new ExpressionError('failed', 'Its worker failed.')
}
