import { readdirSync, readFileSync } from 'node:fs'

/** ns that a thread has run: the first field of `/proc/PID/task/TID/schedstat` (kernel, scheduler/sched-stats). */
export function nanosecondsOf(schedstat: string): number {
  return numberOf(schedstat.split(' ')[0], schedstat)
}

/** Clock ticks, user and system, of all threads that there are or were: fields 14 and 15 of `/proc/PID/stat` (proc(5)). */
export function ticksOf(stat: string): number {
  // The name may hold spaces and parentheses; what counts begins after the last of them.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return numberOf(fields[11], stat) + numberOf(fields[12], stat)
}

/** Bytes that a line of `/proc/PID/smaps_rollup` names: `Pss:  334 kB`. */
export function bytesOf(rollup: string, name: 'Pss' | 'Rss'): number {
  return numberOf(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1], rollup) * 1024
}

/** Commands carried out, those within scripts included, out of Redis' `INFO commandstats`. */
export function callsOf(commandstats: string): number {
  const calls = [...commandstats.matchAll(/^cmdstat_[^:]+:calls=(\d+)/gm)]
  return calls.reduce((sum, [, count]) => sum + Number(count), 0)
}

function numberOf(text: string | undefined, source: string): number {
  if (text === undefined || !/^\d+$/.test(text)) throw new Error(`no number where one belongs: ${source}`)
  return Number(text)
}

/** CPU of all threads that a process has now, µs. Threads that ended are forgotten; `ticksUs` has them. */
export function cpuUs(pid: number): number {
  let sum = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    sum += nanosecondsOf(readOrNothing(`/proc/${pid}/task/${thread}/schedstat`) ?? '0')
  }
  return sum / 1000
}

/** CPU by the clock's ticks, µs: coarse, and with every thread that ever was. */
export function ticksUs(pid: number, ticksPerSecond: number): number {
  return (ticksOf(readFileSync(`/proc/${pid}/stat`, 'utf8')) / ticksPerSecond) * 1e6
}

export function memoryOf(pid: number): { readonly pss: number; readonly rss: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return { pss: bytesOf(rollup, 'Pss'), rss: bytesOf(rollup, 'Rss') }
}

/** A thread may end between being listed and being read. */
function readOrNothing(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
