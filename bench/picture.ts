import type { Bar } from './bars.ts'
import { barText } from './report.ts'
import type { Conditions } from './results.ts'
import { judgedFigures, type Row } from './rows.ts'
import { type Spread, spreadOf } from './statistics.ts'
import { element, type Shape, svgOf, text } from './svg.ts'

const width = 860
const left = 330
const right = 190
const line = 26
const top = 64
/** As far as the picture goes, in limits. */
const reach = 2

// Readable on white and on black.
const ink = '#7a7f87'
const colours = { held: '#2f9e6e', 'within noise': '#c98a1b', missed: '#d5504a', 'not measured': '#9aa0a8' }

/** A picture of all figures that have a bar, each as a share of its limit, with the spread of the rounds. */
export function pictureOf(rows: readonly Row[], { date, cpu, node, rounds }: Conditions): string {
  const judged = rows.filter((row) => row.bar !== undefined)
  const height = top + judged.length * line + 30
  const limit = left + (width - left - right) / reach
  const shapes = [
    text(12, 24, 'Figures against their bars', { size: 16, weight: 600, fill: ink }),
    text(12, 44, `${date.slice(0, 10)}, ${rounds} rounds, ${cpu}, Node ${node.slice(1)}`, {
      size: 12,
      fill: ink,
    }),
    ...judged.flatMap((row, index) => lineOf(row, top + index * line)),
    element('line', {
      x1: limit,
      x2: limit,
      y1: top - 6,
      y2: height - 26,
      stroke: ink,
      'stroke-dasharray': '4 3',
    }),
    text(limit, height - 10, 'the bar; shorter is better', { size: 11, anchor: 'middle', fill: ink }),
  ]
  return svgOf({ width, height, title: 'Benchmark figures against their bars', shapes })
}

function lineOf(row: Row, y: number): Shape[] {
  const { bar, verdict = 'not measured' } = row
  if (bar === undefined) return []
  const shares = sharesOf(row, bar)
  const what =
    bar.row === 'Modelgate' || bar.row === 'Modelgate on Redis' ? row.task : `${row.task}: ${row.row}`
  const label = text(left - 10, y + 14, `${what}, ${row.metric}`, { size: 12, anchor: 'end', fill: ink })
  const place = (share: number) =>
    left + ((width - left - right) * Math.max(0, Math.min(share, reach))) / reach
  const end = text(width - right + 10, y + 14, `${figureOf(row, bar)}  (${barText(bar)})`, {
    size: 12,
    fill: ink,
  })
  if (shares === null) return [label, end]
  const whisker = { y1: y + 10, y2: y + 10, x1: place(shares.low), x2: place(shares.high), stroke: ink }
  return [
    label,
    element('rect', {
      x: left,
      y: y + 3,
      width: place(shares.median) - left,
      height: 14,
      rx: 2,
      fill: colours[verdict],
    }),
    element('line', { ...whisker, 'stroke-width': 2 }),
    end,
  ]
}

/** Shares of the limit; above one is beyond it, for bars of either kind. */
export function sharesOf(row: Row, bar: Bar): Spread | null {
  const { atMost, atLeast } = bar
  const figures = judgedFigures(bar, row)
  if (figures === null) return null
  const share = (value: number) => {
    if (atLeast !== undefined) return atLeast / value
    const most = atMost ?? 0
    // None may be there: one is as bad as any.
    return most === 0 ? value : value / most
  }
  return spreadOf(figures.map(share))
}

function figureOf(row: Row, bar: Bar): string {
  const figures = judgedFigures(bar, row)
  if (figures === null) return 'not measured'
  const { median } = spreadOf(figures)
  const isRatio = bar.against !== undefined && row.against?.as === 'ratio'
  return isRatio ? `× ${median.toFixed(2)}` : median.toFixed(row.digits)
}
