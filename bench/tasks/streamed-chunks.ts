import { setTimeout as sleep } from 'node:timers/promises'
import { translated } from '../child/frames.ts'
import { runLoop } from '../closed-loop.ts'
import type { Opening } from '../messages.ts'
import type { Contestant, Stage, Task } from '../task.ts'

type Run = (stage: Stage) => Promise<{ cpu: number }>

/** Chunks one by one, as models send them: many streams, each at a pace; openings and ends are not counted. */
const paced: Run = async ({ scene, subject, contestant }) => {
  const chunks = 1000
  const windowMs = 1500
  await scene.script({ chunks, everyMs: 10, burst: 1 })
  const target = scene.target(subject, { promptBytes: 1024, isStream: true, model: contestant.model })
  try {
    await scene.load('open', { ...target, streams: 200, chunks } satisfies Opening)
    const read = async () => ({ frames: await scene.load<number>('frames', null), cpu: subject.cpu() })
    const before = await read()
    await sleep(windowMs)
    const after = await read()
    return { cpu: (after.cpu - before.cpu) / (after.frames - before.frames) }
  } finally {
    await scene.load('release', null)
  }
}

/** Chunks sixteen to a write, as fast as they are taken: what is left is the work on the frames themselves. */
const burst: Run = async (stage) => {
  const chunks = 1024
  const requests = 200
  const script = { chunks, everyMs: 0, burst: 16 }
  const { cpu } = await runLoop(stage, { requests, connections: 10, script })
  return { cpu: cpu / (requests * chunks) }
}

const bare: readonly Contestant[] = [
  { subject: 'bare node:http' },
  { subject: 'bare hono' },
  { subject: 'nginx' },
  { subject: 'Modelgate' },
]

const translators: readonly Contestant[] = [
  { row: 'passed through', subject: 'Modelgate' },
  ...translated.map(({ name }): Contestant => ({ row: name, subject: 'Modelgate', model: name })),
]

function chunkTask(name: string, contestants: readonly Contestant[], against: string, measure: Run): Task {
  return {
    name,
    contestants,
    metrics: [{ name: 'cpu', unit: 'µs CPU/chunk', digits: 2, against: { row: against, as: 'ratio' } }],
    warmUp: measure,
    measure,
  }
}

export const streamedChunks: readonly Task[] = [
  chunkTask('streamed chunk, one by one', bare, 'bare node:http', paced),
  chunkTask('streamed chunk, in bursts', bare, 'bare node:http', burst),
  chunkTask('translated chunk, one by one', translators, 'passed through', paced),
  chunkTask('translated chunk, in bursts', translators, 'passed through', burst),
]
