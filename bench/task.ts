import type { Scene } from './scene.ts'
import type { Comparison } from './statistics.ts'
import type { Subject, SubjectName } from './subjects.ts'

/** One row of a task: a subject, or one way of using it. */
export interface Contestant {
  /** Its name in the table; the subject's own without one. */
  readonly row?: string
  readonly subject: SubjectName
  /** The gateway's model; `bench` without one. */
  readonly model?: string
  /** Part of the task's requests that is enough for it, where it is slow. */
  readonly share?: number
}

export interface Metric {
  readonly name: string
  readonly unit: string
  readonly digits: number
  /** The row that the others are held against, and how. */
  readonly against?: { readonly row: string; readonly as: Comparison }
}

export interface Stage {
  readonly scene: Scene
  readonly subject: Subject
  readonly contestant: Contestant
}

/** What is measured: one more is one more line in `tasks.ts`. */
export interface Task {
  readonly name: string
  readonly contestants: readonly Contestant[]
  readonly metrics: readonly Metric[]
  /** Where a round is long: no more than these. */
  readonly maxRounds?: number
  /** Every measurement is of a process that nobody has used. */
  readonly isFresh?: boolean
  /** Only with BENCH_LONG=1. */
  readonly isLong?: boolean
  /** Before the first round, until the compiler is done. */
  readonly warmUp?: (stage: Stage) => Promise<unknown>
  /** One figure for each metric, by its name. */
  readonly measure: (stage: Stage) => Promise<Readonly<Record<string, number>>>
}

export const rowOf = ({ row, subject }: Contestant): string => row ?? subject
