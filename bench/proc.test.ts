import { execFileSync } from 'node:child_process'
import { beforeAll, describe, expect, it } from 'vitest'
import { bytesOf, callsOf, nanosecondsOf, ticksOf } from './proc.ts'

describe('what /proc says is read', () => {
  it('ns of a thread', () => {
    expect(nanosecondsOf('198819064 24003219 905\n')).toBe(198_819_064)
  })

  it('ticks, whatever the process is called', () => {
    const stat = '42 (a) b (c)) S 1 42 42 0 -1 4194560 100 0 0 0 250 31 0 0 20 0 11 0 5 1 2'
    expect(ticksOf(stat)).toBe(281)
  })

  it('memory', () => {
    const rollup =
      '55a2-7fff ---p 00000000 00:00 0    [rollup]\nRss:       1748 kB\nPss:        334 kB\nPss_Dirty:  112 kB\n'
    expect(bytesOf(rollup, 'Pss')).toBe(334 * 1024)
    expect(bytesOf(rollup, 'Rss')).toBe(1748 * 1024)
  })

  it.each([
    ['schedstat', () => nanosecondsOf('')],
    ['stat', () => ticksOf('42 (node) S 1')],
    ['smaps_rollup', () => bytesOf('Rss: 1 kB', 'Pss')],
  ])('and %s without the figure is an error, not a zero', (_, read) => {
    expect(read).toThrow('no number')
  })
})

it('commands of Redis are added up', () => {
  const text = '# Commandstats\r\ncmdstat_ping:calls=3,usec=1\r\ncmdstat_client|setinfo:calls=2,usec=9\r\n'
  expect(callsOf(text)).toBe(5)
})

/** A process that works for 150 ms of CPU and then says what both accounts and its memory are. */
const worker = (ticksPerSecond: number) => `
  import { cpuUs, memoryOf, ticksUs } from ${JSON.stringify(new URL('./proc.ts', import.meta.url).href)}
  const before = cpuUs(process.pid)
  const from = process.cpuUsage()
  while (process.cpuUsage(from).user < 150_000) Math.sqrt(before)
  const fine = cpuUs(process.pid)
  const coarse = ticksUs(process.pid, ${ticksPerSecond})
  console.log(JSON.stringify({ worked: fine - before, fine, coarse, ...memoryOf(process.pid) }))
`

interface Told {
  readonly worked: number
  readonly fine: number
  readonly coarse: number
  readonly pss: number
  readonly rss: number
}

describe.runIf(process.platform === 'linux')('of a process that works', () => {
  let told: Told
  beforeAll(() => {
    const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK']))
    const args = ['--input-type=module', '--eval', worker(ticksPerSecond)]
    told = JSON.parse(execFileSync(process.execPath, args, { timeout: 20_000 }).toString()) as Told
  })

  it('CPU is what it used, and both accounts agree about it', () => {
    expect(told.worked).toBeGreaterThan(100_000)
    // A tick is 10 ms, and user and system are each rounded to one.
    expect(Math.abs(told.fine - told.coarse)).toBeLessThan(0.2 * told.fine + 30_000)
  })

  it('memory is some MB, and no more is its own than is there', () => {
    expect(told.pss).toBeGreaterThan(1_000_000)
    expect(told.pss).toBeLessThanOrEqual(told.rss)
  })
})
