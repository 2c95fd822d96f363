import { parentPort, workerData } from 'node:worker_threads'
import { createEvaluator, type Job } from './evaluator.ts'
import type { EvaluatorLimits } from './limits.ts'

/** The worker's side of `expression-pool.ts`: says that it is ready, then answers one job after the other. */
function serve(port: NonNullable<typeof parentPort>, limits: EvaluatorLimits): void {
  const evaluator = createEvaluator(limits)
  port.on('message', (job: Job) => {
    void evaluator.evaluate(job).then((reply) => port.postMessage(reply))
  })
  port.postMessage('ready')
}

// Each thread decides for itself whether a diagnostic report shows the process's environment.
process.report.excludeEnv = true
if (parentPort !== null) serve(parentPort, workerData as EvaluatorLimits)
