import { runLoop } from '../closed-loop.ts'
import type { FramesResult, Opening } from '../messages.ts'
import type { Stage, Task } from '../task.ts'

const anHour = 3_600_000
const steps = [1000, 5000] as const
const most = steps[1]

/** What the process holds on to: its share of memory once garbage is collected, bytes. */
async function held({ subject }: Stage): Promise<number> {
  await subject.ask('collect')
  return subject.memory().pss
}

async function open(stage: Stage, streams: number, chunks: number): Promise<void> {
  const target = stage.scene.target(stage.subject, { promptBytes: 1024, isStream: true })
  const job: Opening = { ...target, streams, chunks }
  await stage.scene.load('open', job)
}

/** Streams that have had their first chunk and wait: what each keeps in the proxy's memory. */
export const idleStreams: Task = {
  name: 'memory of open, idle streams',
  contestants: [{ subject: 'bare node:http' }, { subject: 'Modelgate' }],
  metrics: [
    { name: 'none', unit: 'MB with none', digits: 1 },
    { name: 'thousand', unit: `MB with ${steps[0]}`, digits: 1 },
    { name: 'most', unit: `MB with ${steps[1]}`, digits: 1 },
    { name: 'each', unit: 'KiB/stream', digits: 1, against: { row: 'bare node:http', as: 'difference' } },
    { name: 'rss', unit: `MB resident with ${steps[1]}`, digits: 1 },
  ],
  maxRounds: 2,
  isFresh: true,
  async measure(stage) {
    const { scene, subject } = stage
    await runLoop(stage, { requests: 3000 })
    await scene.script({ chunks: 2, everyMs: anHour, burst: 1 })
    try {
      await open(stage, 200, 2)
      await scene.load('release', null)
      const none = await held(stage)
      await open(stage, steps[0], 2)
      const thousand = await held(stage)
      await open(stage, most - steps[0], 2)
      const full = await held(stage)
      const { rss } = subject.memory()
      const each = (full - none) / most / 1024
      return { none: none / 1e6, thousand: thousand / 1e6, most: full / 1e6, each, rss: rss / 1e6 }
    } finally {
      await scene.load('release', null)
    }
  },
}

export interface FramesOptions {
  readonly streams: number
  readonly everyMs: number
  readonly seconds: number
}

/** Many streams at a pace: every frame must come, once and in order. */
export function pacedStreams({ streams, everyMs, seconds }: FramesOptions): Task {
  const chunks = Math.round((seconds * 1000) / everyMs)
  return {
    name: `${streams} streams, a chunk every ${everyMs} ms`,
    contestants: [{ subject: 'Modelgate' }],
    metrics: [
      { name: 'lost', unit: 'frames lost or out of order', digits: 0 },
      { name: 'frames', unit: 'frames', digits: 0 },
    ],
    maxRounds: 1,
    async measure(stage) {
      const { scene } = stage
      await scene.script({ chunks, everyMs, burst: 1 })
      try {
        await open(stage, streams, chunks)
        return { ...(await scene.load<FramesResult>('finish', null, seconds * 1000 + 60_000)) }
      } finally {
        await scene.load('release', null)
      }
    },
  }
}
