import { type ClosedLoop, type LoopResult, type UpstreamScript, wholeAnswer } from './messages.ts'
import type { Stage } from './task.ts'

export interface Loop {
  readonly requests: number
  readonly connections?: number
  readonly promptBytes?: number
  /** Without one the upstream answers whole. */
  readonly script?: UpstreamScript
}

/** Runs a closed loop through the subject: the CPU that it took, µs, and the time, s. */
export async function runLoop({ scene, subject, contestant }: Stage, loop: Loop) {
  const { requests, connections = 32, promptBytes = 1024, script = wholeAnswer } = loop
  await scene.script(script)
  const target = scene.target(subject, { promptBytes, isStream: script.chunks > 0, model: contestant.model })
  const job: ClosedLoop = { ...target, requests, connections, chunks: script.chunks }
  const before = subject.cpu()
  const { seconds } = await scene.load<LoopResult>('closedLoop', job, 600_000)
  return { cpu: subject.cpu() - before, seconds }
}
