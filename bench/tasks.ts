import type { Task } from './task.ts'
import { answerLatency, firstToken } from './tasks/latency.ts'
import { idleStreams, pacedStreams } from './tasks/open-streams.ts'
import { heapGrowth, redisCommands } from './tasks/steady-state.ts'
import { streamedChunks } from './tasks/streamed-chunks.ts'
import { wholeAnswers } from './tasks/whole-answers.ts'

/** All there is to measure, in the order of the table. Long ones run longer, or at all, where `isLong`. */
export function allTasks(isLong: boolean): readonly Task[] {
  const tasks: readonly Task[] = [
    wholeAnswers({ prompt: '0.2 KB', promptBytes: 205, requests: 10_000, warmUp: 80_000 }),
    wholeAnswers({ prompt: '1 KB', promptBytes: 1024, requests: 10_000, warmUp: 80_000 }),
    wholeAnswers({ prompt: '10 KB', promptBytes: 10_240, requests: 6000, warmUp: 12_000 }),
    wholeAnswers({ prompt: '200 KB', promptBytes: 204_800, requests: 1500, warmUp: 3000 }),
    ...streamedChunks,
    answerLatency,
    firstToken,
    idleStreams,
    redisCommands,
    pacedStreams({ streams: 5000, everyMs: 1000, seconds: isLong ? 60 : 15 }),
    pacedStreams({ streams: 500, everyMs: 20, seconds: isLong ? 60 : 10 }),
    heapGrowth,
  ]
  return tasks.filter((task) => isLong || task.isLong !== true)
}
