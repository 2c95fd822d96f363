import { runLoop } from '../closed-loop.ts'
import type { Stage, Task } from '../task.ts'

export interface WholeAnswers {
  /** As the table calls it. */
  readonly prompt: string
  readonly promptBytes: number
  /** In one measurement. */
  readonly requests: number
  /** Before the first, until the compiler is done with all of it: the state that a server is in for days. */
  readonly warmUp: number
}

/** A closed loop of requests for whole answers: CPU of each by the system's account, and how many one core manages. */
export function wholeAnswers({ prompt, promptBytes, requests, warmUp }: WholeAnswers): Task {
  const run = async (stage: Stage, count: number) => {
    const sent = Math.ceil(count * (stage.contestant.share ?? 1))
    const { cpu, seconds } = await runLoop(stage, { requests: sent, promptBytes })
    return { cpu: cpu / sent, rate: sent / seconds }
  }
  return {
    name: `whole answer, ${prompt} prompt`,
    contestants: [
      { subject: 'bare node:http' },
      { subject: 'bare hono' },
      { subject: 'nginx' },
      { subject: 'Portkey', share: 0.2 },
      { subject: 'Portkey on this Node', share: 0.2 },
      { subject: 'Modelgate' },
    ],
    metrics: [
      { name: 'cpu', unit: 'µs CPU/request', digits: 1, against: { row: 'bare hono', as: 'ratio' } },
      { name: 'rate', unit: 'requests/s', digits: 0, against: { row: 'Portkey', as: 'ratio' } },
    ],
    warmUp: (stage) => run(stage, warmUp),
    measure: async (stage) => {
      // A process that has waited a minute for its turn takes up to twice as much at first.
      await run(stage, requests)
      return run(stage, requests)
    },
  }
}
