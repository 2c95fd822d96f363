import type { Bar } from './bars.ts'
import type { Row } from './rows.ts'
import { spreadOf } from './statistics.ts'

const heads = ['what', 'of', 'figure', 'lowest to highest', 'unit', 'against', 'bar', '']

/** All lines as one table for a terminal; columns are as wide as they must be. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row, index) => cellsOf(row, rows[index - 1]))
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...lines.map((cells) => cells[column]?.length ?? 0)),
  )
  return [heads, ...lines]
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cellsOf(row: Row, previous: Row | undefined): string[] {
  const task = row.task === previous?.task ? '' : row.task
  if (row.values === null)
    return [task, row.row, 'not installed', '', row.unit, '', barText(row.bar), row.verdict ?? '']
  const { median, low, high } = spreadOf(row.values)
  const number = (value: number) => value.toFixed(row.digits)
  const range = row.values.length > 1 ? `${number(low)} to ${number(high)}` : ''
  return [
    task,
    row.row,
    number(median),
    range,
    row.unit,
    againstText(row),
    barText(row.bar),
    row.verdict ?? '',
  ]
}

function againstText({ against, digits }: Row): string {
  if (against === undefined) return ''
  const { median, low, high } = spreadOf(against.values)
  const [sign, places] = against.as === 'ratio' ? ['× ', 2] : ['+ ', digits]
  const range = against.values.length > 1 ? ` (${low.toFixed(places)} to ${high.toFixed(places)})` : ''
  return `${against.row} ${sign}${median.toFixed(places)}${range}`
}

/** `≤ 1.35`, with what is put down to chance: `≤ 1.35 ± 10 %`. */
export function barText(bar: Bar | undefined): string {
  if (bar === undefined) return ''
  const limit = bar.atMost === undefined ? `≥ ${bar.atLeast}` : `≤ ${bar.atMost}`
  return bar.noise === 0 ? limit : `${limit} ± ${Math.round(bar.noise * 100)} %`
}
