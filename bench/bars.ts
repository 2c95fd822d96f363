/** What must hold: a figure of a task, by itself or against another row of the same round. */
export interface Bar {
  readonly task: string
  readonly metric: string
  readonly row: string
  /** The row it is held against, as the task says how; without it the figure counts by itself. */
  readonly against?: string
  readonly atMost?: number
  readonly atLeast?: number
  /** Of the limit: how far beyond it a run may be by chance. */
  readonly noise: number
}

const row = 'Modelgate'
const passing = { metric: 'cpu', row, against: 'bare node:http', atMost: 1.15, noise: 0.1 }
const translated = {
  task: 'translated chunk, one by one',
  metric: 'cpu',
  against: 'passed through',
  atMost: 2,
  noise: 0.1,
}
const latency = { task: 'latency at 500 requests/s', row, against: 'direct' }
const lost = { metric: 'lost', row, atMost: 0, noise: 0 }

export const bars: readonly Bar[] = [
  { task: 'whole answer, 1 KB prompt', metric: 'cpu', row, against: 'bare hono', atMost: 1.35, noise: 0.1 },
  { task: 'whole answer, 200 KB prompt', metric: 'cpu', row, against: 'bare hono', atMost: 1.5, noise: 0.15 },
  { task: 'whole answer, 1 KB prompt', metric: 'rate', row, against: 'Portkey', atLeast: 12, noise: 0.1 },
  { ...passing, task: 'streamed chunk, one by one' },
  { ...translated, row: 'anthropic' },
  { ...translated, row: 'bedrock' },
  { ...translated, row: 'gemini' },
  { ...translated, row: 'cohere' },
  { ...latency, metric: 'p50', atMost: 0.5, noise: 0.2 },
  { ...latency, metric: 'p99', atMost: 3, noise: 0.5 },
  {
    task: 'memory of open, idle streams',
    metric: 'each',
    row,
    against: 'bare node:http',
    atMost: 16,
    noise: 0.1,
  },
  { task: 'Redis in steady state', metric: 'commands', row: 'Modelgate on Redis', atMost: 0.05, noise: 0 },
  { task: 'heap over a million requests', metric: 'ratio', row, atMost: 1.1, noise: 0.02 },
  { ...lost, task: '5000 streams, a chunk every 1000 ms' },
  { ...lost, task: '500 streams, a chunk every 20 ms' },
]

export type Verdict = 'held' | 'within noise' | 'missed' | 'not measured'

/** Judges the middle of a bar's figures; none: it was not measured. */
export function judge({ atMost, atLeast, noise }: Bar, median: number | null): Verdict {
  if (median === null || Number.isNaN(median)) return 'not measured'
  const isHeld = (slack: number) =>
    (atMost === undefined || median <= atMost * (1 + slack)) &&
    (atLeast === undefined || median >= atLeast * (1 - slack))
  if (isHeld(0)) return 'held'
  return isHeld(noise) ? 'within noise' : 'missed'
}
