import { bars } from './bars.ts'
import { measure } from './measure.ts'
import { tableOf } from './report.ts'
import { conditionsNow, writeResults } from './results.ts'
import { type Row, rowsOf } from './rows.ts'
import { createScene } from './scene.ts'
import { allTasks } from './tasks.ts'

// The gateway, with tokens, pool, metrics, usage and request log on, against bare proxies in the same run. What is
// measured, and what the words of the table mean, is told in README.md.

const environment = process.env
const rounds = Number(environment['BENCH_ROUNDS'] ?? 5)
const isLong = environment['BENCH_LONG'] === '1'
/** Only the tasks whose names hold it, or one of several (`a|b`). */
const only = environment['BENCH_ONLY'] ?? ''
/** Where results are written; a part of the table is written only where somebody says so. */
const whole = new URL('./results', import.meta.url).pathname
const folder = environment['BENCH_RESULTS'] ?? (only === '' ? whole : null)

// What is started ends with this process: exit runs what cleans up, the kernel does the rest.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const say = (line: string) => process.stdout.write(`${line}\n`)
const tasks = allTasks(isLong).filter(({ name }) => only.split('|').some((part) => name.includes(part)))
if (tasks.length === 0) throw new Error(`no task's name holds ${JSON.stringify(only)}`)

const conditions = conditionsNow(rounds, isLong)
const rows: Row[] = []
const scene = await createScene()
try {
  for (const task of tasks) {
    const before = performance.now()
    rows.push(...rowsOf(task, await measure(scene, task, rounds), bars))
    say(`${task.name}: ${((performance.now() - before) / 1000).toFixed(1)} s`)
  }
  say(`\n${tableOf(rows)}`)
  for (const line of await scene.disagreement()) say(line)
} finally {
  await scene.stop()
}

const { loadBefore, loadAfter } = conditions()
say(`\n${rounds} rounds, load average ${loadBefore} before, ${loadAfter} after`)
if (folder !== null) say(`written: ${writeResults(folder, conditions(), rows).join(', ')}`)
const absent = bars.filter((bar) => only === '' && !tasks.some(({ name }) => name === bar.task))
for (const bar of absent) say(`not in this run: ${bar.task} (BENCH_LONG=1)`)
const missed = rows.filter(({ verdict }) => verdict === 'missed')
for (const row of missed) say(`missed: ${row.task}, ${row.row}, ${row.metric}`)
process.exitCode = missed.length > 0 ? 1 : 0
