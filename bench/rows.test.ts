import { describe, expect, it } from 'vitest'
import type { Bar } from './bars.ts'
import { tableOf } from './report.ts'
import { type Readings, rowsOf } from './rows.ts'
import type { Task } from './task.ts'

const task: Task = {
  name: 'whole answer',
  contestants: [{ subject: 'bare hono' }, { subject: 'Modelgate' }, { subject: 'nginx' }],
  metrics: [
    { name: 'cpu', unit: 'µs', digits: 1, against: { row: 'bare hono', as: 'ratio' } },
    { name: 'rate', unit: 'requests/s', digits: 0, against: { row: 'nginx', as: 'ratio' } },
  ],
  measure: async () => ({}),
}
const readings: Readings = new Map([
  [
    'bare hono',
    [
      { cpu: 10, rate: 100 },
      { cpu: 20, rate: 90 },
    ],
  ],
  [
    'Modelgate',
    [
      { cpu: 15, rate: 50 },
      { cpu: 20, rate: 40 },
    ],
  ],
  ['nginx', null],
])
const bars: readonly Bar[] = [
  { task: 'whole answer', metric: 'cpu', row: 'Modelgate', against: 'bare hono', atMost: 1.2, noise: 0.1 },
  { task: 'whole answer', metric: 'rate', row: 'Modelgate', against: 'nginx', atLeast: 2, noise: 0 },
]

describe('rows', () => {
  const rows = rowsOf(task, readings, bars)
  const find = (metric: string, row: string) => rows.find((one) => one.metric === metric && one.row === row)

  it('have a figure for each round, and each round against its own', () => {
    expect(find('cpu', 'Modelgate')).toMatchObject({ values: [15, 20], against: { values: [1.5, 1] } })
  })

  it('are judged by the middle of what the bar is about', () => {
    expect(find('cpu', 'Modelgate')?.verdict).toBe('within noise')
  })

  it('are not held against themselves', () => {
    expect(find('cpu', 'bare hono')?.against).toBeUndefined()
  })

  it('of what is not installed say so, and what is held against it is not measured', () => {
    expect(find('cpu', 'nginx')?.values).toBeNull()
    expect(find('rate', 'Modelgate')).toMatchObject({ values: [50, 40], verdict: 'not measured' })
  })

  it('without a figure where one belongs are not measured, not held', () => {
    const none = rowsOf(task, new Map([...readings, ['Modelgate', [{}, {}]]]), bars)
    expect(none.find(({ row }) => row === 'Modelgate')?.verdict).toBe('not measured')
  })

  it('make one table', () => {
    const lines = tableOf(rows).split('\n')
    expect(lines[1]).toMatch(/^whole answer +bare hono +15\.0 +10\.0 to 20\.0 +µs$/)
    expect(lines[2]).toMatch(
      /^ +Modelgate +17\.5 +15\.0 to 20\.0 +µs +bare hono × 1\.25 \(1\.00 to 1\.50\) +≤ 1\.2 ± 10 % +within noise$/,
    )
    expect(lines[3]).toMatch(/^ +nginx +not installed +µs$/)
    expect(lines).toHaveLength(7)
  })
})
