import { type Bar, judge, type Verdict } from './bars.ts'
import { type Comparison, compare, spreadOf } from './statistics.ts'
import { type Metric, rowOf, type Task } from './task.ts'

/** One line of the table: a metric of a contestant, and what it is against another of the same rounds. */
export interface Row {
  readonly task: string
  readonly row: string
  readonly metric: string
  readonly unit: string
  readonly digits: number
  /** One for each round; null: the subject is not installed. */
  readonly values: readonly number[] | null
  readonly against?: { readonly row: string; readonly as: Comparison; readonly values: readonly number[] }
  readonly bar?: Bar
  readonly verdict?: Verdict
}

/** Every round's readings by contestant; null: not installed. */
export type Readings = ReadonlyMap<string, readonly Readonly<Record<string, number>>[] | null>

/** The lines of one task, its metrics in order, judged where there is a bar. */
export function rowsOf(task: Task, readings: Readings, bars: readonly Bar[]): readonly Row[] {
  const valuesOf = (row: string, metric: string) => {
    const rounds = readings.get(row)
    return rounds?.map((round) => round[metric] ?? Number.NaN) ?? null
  }
  const lineOf = (metric: Metric, row: string): Row => {
    const { name, unit, digits } = metric
    const values = valuesOf(row, name)
    const plain: Row = { task: task.name, row, metric: name, unit, digits, values }
    const base = metric.against
    const others = base === undefined || base.row === row ? null : valuesOf(base.row, name)
    const against =
      values === null || others === null || base === undefined
        ? undefined
        : { ...base, values: compare(values, others, base.as) }
    const bar = bars.find((one) => one.task === task.name && one.metric === name && one.row === row)
    const line = { ...plain, ...(against && { against }) }
    if (bar === undefined) return line
    const figures = judgedFigures(bar, line)
    return { ...line, bar, verdict: judge(bar, figures === null ? null : spreadOf(figures).median) }
  }
  return task.metrics.flatMap((metric) => task.contestants.map((one) => lineOf(metric, rowOf(one))))
}

/** The figures that a bar is about, one for each round; null: they are not there. */
export function judgedFigures(bar: Bar, { values, against }: Row): readonly number[] | null {
  if (bar.against === undefined) return values
  return against?.row === bar.against ? against.values : null
}
