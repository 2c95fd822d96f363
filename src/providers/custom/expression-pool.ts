import { Worker } from 'node:worker_threads'
import type { Job, Reply } from './evaluator.ts'
import { ExpressionError } from './expression-error.ts'

export interface ExpressionPoolOptions {
  readonly maxWorkers?: number
  /** From a worker's start to its first job; ms. */
  readonly startMs?: number
  /** For one job, all its expressions; ms. A worker that is over it is ended and replaced. */
  readonly deadlineMs?: number
  /** Jobs that wait for a worker, and how long each may; ms. */
  readonly maxWaiting?: number
  readonly maxWaitMs?: number
  /** Characters of one job's input. */
  readonly maxInput?: number
  /** Characters of one job's values together. */
  readonly maxOutput?: number
  /** Heap of one worker. */
  readonly maxHeapMb?: number
}

export interface ExpressionPool {
  /** The values by their expressions' names; one that came to nothing has none. Rejects with ExpressionError. */
  run(job: Job): Promise<Readonly<Record<string, unknown>>>
  /** Ends the workers; what is under way or waits is `busy`. */
  close(): Promise<void>
}

interface Waiting {
  readonly job: Job
  readonly resolve: (values: Readonly<Record<string, unknown>>) => void
  readonly reject: (error: ExpressionError) => void
  timer: NodeJS.Timeout
}

interface Slot {
  readonly worker: Worker
  ready: boolean
  current: Waiting | null
  timer: NodeJS.Timeout
}

/** Node runs the sources as they are; what is built stands beside this file under its new extension. */
const workerUrl = new URL(
  `./expression-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`,
  import.meta.url,
)

/**
 * Evaluates expressions in worker threads, started when first needed: what blocks one is ended at its deadline, what
 * exhausts its heap ends only it. Workers get neither the environment nor anything but the jobs.
 */
export function createExpressionPool(options: ExpressionPoolOptions = {}): ExpressionPool {
  const { maxWorkers = 2, startMs = 10_000, deadlineMs = 1000, maxWaiting = 1000, maxWaitMs = 5000 } = options
  const { maxInput = 8 * 1024 * 1024, maxOutput = 16 * 1024 * 1024, maxHeapMb = 256 } = options
  const slots = new Set<Slot>()
  const ending = new Set<Promise<unknown>>()
  const waiting = new Set<Waiting>()
  let closed = false

  function start(): void {
    const worker = new Worker(workerUrl, {
      name: 'modelgate-expressions',
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb, maxYoungGenerationSizeMb: 32, stackSizeMb: 8 },
    })
    const timer = setTimeout(() => drop(slot, new ExpressionError('busy', 'No worker has started.')), startMs)
    const slot: Slot = { worker, ready: false, current: null, timer }
    slots.add(slot)
    worker.unref()
    worker.on('message', (reply: Reply | 'ready') => (reply === 'ready' ? welcome(slot) : finish(slot, reply)))
    worker.on('error', (error) => drop(slot, asExpressionError(error)))
    worker.on('exit', () => drop(slot, new ExpressionError('bounds', 'It ended its worker.')))
  }

  function welcome(slot: Slot): void {
    clearTimeout(slot.timer)
    slot.ready = true
    dispatch()
  }

  function dispatch(): void {
    for (const slot of slots) {
      const [next] = waiting
      if (next === undefined) return
      if (slot.ready && slot.current === null) give(slot, next)
    }
    const starting = [...slots].filter(({ ready }) => !ready).length
    if (waiting.size > starting && slots.size < maxWorkers) start()
  }

  function give(slot: Slot, next: Waiting): void {
    waiting.delete(next)
    clearTimeout(next.timer)
    slot.current = next
    slot.timer = setTimeout(
      () => drop(slot, new ExpressionError('bounds', `It takes longer than ${deadlineMs} ms.`)),
      deadlineMs,
    )
    slot.worker.postMessage(next.job)
  }

  function finish(slot: Slot, reply: Reply): void {
    const { current } = slot
    if (current === null) return
    clearTimeout(slot.timer)
    slot.current = null
    settle(current, reply)
    dispatch()
  }

  function settle({ resolve, reject }: Waiting, reply: Reply): void {
    if ('fault' in reply) return reject(new ExpressionError('failed', reply.fault.message, reply.fault))
    if (reply.values.length > maxOutput) {
      return reject(new ExpressionError('bounds', `It comes to more than ${maxOutput} characters.`))
    }
    resolve(JSON.parse(reply.values) as Record<string, unknown>)
  }

  /** Ends a worker, once. One that never started fails what waits: the next is only started for what comes then. */
  function drop(slot: Slot, error: ExpressionError): void {
    if (!slots.delete(slot)) return
    clearTimeout(slot.timer)
    const ended = slot.worker.terminate().catch(() => {})
    ending.add(ended)
    void ended.then(() => ending.delete(ended))
    slot.current?.reject(withExpression(error, slot.current.job))
    if (slot.ready) dispatch()
    else if (slots.size === 0) refuseWaiting(error)
  }

  function refuseWaiting(error: ExpressionError): void {
    for (const { reject, timer } of waiting) {
      clearTimeout(timer)
      reject(error)
    }
    waiting.clear()
  }

  function run(job: Job): Promise<Readonly<Record<string, unknown>>> {
    return new Promise((resolve, reject) => {
      if (closed) return reject(new ExpressionError('busy', 'The gateway is stopping.'))
      if (job.input.length > maxInput) {
        return reject(new ExpressionError('bounds', `Templates take ${maxInput} characters at most.`))
      }
      const busy = () => new ExpressionError('busy', 'Too many templates are being evaluated.')
      if (waiting.size >= maxWaiting) return reject(busy())
      const timer = setTimeout(() => {
        waiting.delete(entry)
        reject(busy())
      }, maxWaitMs)
      const entry: Waiting = { job, resolve, reject, timer }
      waiting.add(entry)
      dispatch()
    })
  }

  async function close(): Promise<void> {
    closed = true
    const stopping = new ExpressionError('busy', 'The gateway is stopping.')
    refuseWaiting(stopping)
    for (const slot of [...slots]) drop(slot, stopping)
    await Promise.all(ending)
  }

  return { run, close }
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
