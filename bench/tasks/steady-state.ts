import { runLoop } from '../closed-loop.ts'
import { type Arrivals, wholeAnswer } from '../messages.ts'
import type { Task } from '../task.ts'

const perSecond = 500
const seconds = 8

/** Commands of a real Redis while requests come at a constant rate: what goes by time counts as well. */
export const redisCommands: Task = {
  name: 'Redis in steady state',
  contestants: [{ subject: 'Modelgate on Redis' }],
  metrics: [{ name: 'commands', unit: 'commands/request', digits: 4 }],
  maxRounds: 1,
  isFresh: true,
  async measure({ scene, subject }) {
    await scene.script(wholeAnswer)
    const target = scene.target(subject, { promptBytes: 1024 })
    const run = (time: number) =>
      scene.load('arrivals', { ...target, perSecond, seconds: time } satisfies Arrivals)
    const calls = async () => (await subject.redisCalls?.()) ?? Number.NaN
    await run(2)
    const before = await calls()
    await run(seconds)
    return { commands: ((await calls()) - before) / (perSecond * seconds) }
  },
}

/** Heap in use after a million requests, each full collection before counted, against after the first hundred thousand. */
export const heapGrowth: Task = {
  name: 'heap over a million requests',
  contestants: [{ subject: 'Modelgate' }],
  metrics: [
    { name: 'ratio', unit: '× after 1,000,000', digits: 3 },
    { name: 'early', unit: 'MB after 100,000', digits: 1 },
    { name: 'late', unit: 'MB after 1,000,000', digits: 1 },
  ],
  maxRounds: 1,
  isFresh: true,
  isLong: true,
  async measure(stage) {
    const heapAfter = async (requests: number) => {
      await runLoop(stage, { requests, promptBytes: 200 })
      return stage.subject.ask<number>('collect')
    }
    const early = await heapAfter(100_000)
    const late = await heapAfter(900_000)
    return { ratio: late / early, early: early / 1e6, late: late / 1e6 }
  },
}
