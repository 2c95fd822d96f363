import { describe, expect, it } from 'vitest'
import { bars, judge } from './bars.ts'
import { rowOf } from './task.ts'
import { allTasks } from './tasks.ts'

const most = { task: 'a', metric: 'b', row: 'c', atMost: 2, noise: 0.1 }
const least = { task: 'a', metric: 'b', row: 'c', atLeast: 10, noise: 0.2 }

describe('judge', () => {
  it.each([
    [most, 2, 'held'],
    [most, 2.15, 'within noise'],
    [most, 2.25, 'missed'],
    [least, 10, 'held'],
    [least, 8.5, 'within noise'],
    [least, 7.9, 'missed'],
    [{ ...most, atMost: 0, noise: 0 }, 0, 'held'],
    [{ ...most, atMost: 0, noise: 0 }, 1, 'missed'],
    [most, null, 'not measured'],
    [most, Number.NaN, 'not measured'],
  ])('%j with %s: %s', (bar, median, verdict) => {
    expect(judge(bar, median)).toBe(verdict)
  })
})

describe('the bars', () => {
  const tasks = allTasks(true)

  it.each(bars)('$task, $row, $metric: is measured, and against what it says', (bar) => {
    const task = tasks.find(({ name }) => name === bar.task)
    expect(task?.contestants.map(rowOf)).toContain(bar.row)
    const metric = task?.metrics.find(({ name }) => name === bar.metric)
    expect(metric).toBeDefined()
    expect(bar.against ?? metric?.against?.row).toBe(metric?.against?.row)
    expect([bar.atMost, bar.atLeast].filter((limit) => limit !== undefined)).toHaveLength(1)
  })

  it('are one for each figure', () => {
    const names = bars.map(({ task, metric, row }) => [task, metric, row].join())
    expect(new Set(names).size).toBe(names.length)
  })
})

it('tasks have names of their own, and hold rows against rows that they have', () => {
  const tasks = allTasks(true)
  expect(new Set(tasks.map(({ name }) => name)).size).toBe(tasks.length)
  const strangers = tasks.flatMap(({ metrics, contestants }) =>
    metrics.filter(({ against }) => against !== undefined && !contestants.map(rowOf).includes(against.row)),
  )
  expect(strangers).toEqual([])
})
