import { runLoop } from '../closed-loop.ts'
import { type Arrivals, type ArrivalsResult, type UpstreamScript, wholeAnswer } from '../messages.ts'
import type { Contestant, Metric, Stage, Task } from '../task.ts'

const contestants: readonly Contestant[] = [
  { subject: 'direct' },
  { subject: 'bare hono' },
  { subject: 'Modelgate' },
]

const milliseconds = (name: string): Metric => ({
  name,
  unit: 'ms',
  digits: 2,
  against: { row: 'direct', as: 'difference' },
})

const shortStream: UpstreamScript = { chunks: 4, everyMs: 1, burst: 1 }

async function run({ scene, subject }: Stage, script: UpstreamScript, perSecond: number, seconds: number) {
  const isStream = script.chunks > 0
  await scene.script(script)
  const job: Arrivals = { ...scene.target(subject, { promptBytes: 1024, isStream }), perSecond, seconds }
  return { ...(await scene.load<ArrivalsResult>('arrivals', job)) }
}

/** Requests at a constant rate, each counted from when it was due. */
export const answerLatency: Task = {
  name: 'latency at 500 requests/s',
  contestants,
  metrics: [
    milliseconds('p50'),
    milliseconds('p99'),
    { name: 'late', unit: 'ms (the load, p99)', digits: 2 },
  ],
  warmUp: (stage) => runLoop(stage, { requests: 10_000 }),
  measure: (stage) => run(stage, wholeAnswer, 500, 4),
}

/** The same for streams, to the first content. */
export const firstToken: Task = {
  name: 'time to first token at 200 streams/s',
  contestants,
  metrics: [milliseconds('p50'), milliseconds('p99')],
  warmUp: (stage) => runLoop(stage, { requests: 2000, script: shortStream }),
  measure: (stage) => run(stage, shortStream, 200, 3),
}
