import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { pictureOf } from './picture.ts'
import type { Row } from './rows.ts'

/** Under what conditions the figures came about. */
export interface Conditions {
  readonly date: string
  readonly rounds: number
  readonly isLong: boolean
  readonly node: string
  readonly cpu: string
  readonly cores: number
  /** Load averages of one minute. */
  readonly loadBefore: number
  readonly loadAfter: number
}

/** Taken before the first measurement; `loadAfter` is asked for when all is done. */
export function conditionsNow(rounds: number, isLong: boolean): () => Conditions {
  const date = new Date().toISOString()
  const loadBefore = minuteLoad()
  return () => ({
    date,
    rounds,
    isLong,
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? '',
    cores: availableParallelism(),
    loadBefore,
    loadAfter: minuteLoad(),
  })
}

const minuteLoad = () => Number(loadavg()[0]?.toFixed(2))

/** Writes the run as JSON, named by its time, and as a picture that keeps its name; returns both paths. */
export function writeResults(
  folder: string,
  conditions: Conditions,
  rows: readonly Row[],
): readonly string[] {
  mkdirSync(folder, { recursive: true })
  const name = conditions.date.slice(0, 16).replaceAll(':', '')
  const json = join(folder, `${name}.json`)
  const svg = join(folder, 'latest.svg')
  // A line for each row, so that two runs can be compared by their lines.
  const lines = rows.map((row) => `    ${JSON.stringify(row, rounded)}`).join(',\n')
  writeFileSync(json, `{\n  "conditions": ${JSON.stringify(conditions)},\n  "rows": [\n${lines}\n  ]\n}\n`)
  writeFileSync(svg, pictureOf(rows, conditions))
  return [json, svg]
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
