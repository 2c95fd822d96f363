import { Agent } from 'undici'
import type { ClosedLoop, LoopResult } from '../messages.ts'
import { createFrameCheck } from './check-frames.ts'
import { exchange, requestTo } from './exchange.ts'

/** Sends so many requests over so many connections, each its next when its last is answered. */
export async function closedLoop(job: ClosedLoop): Promise<LoopResult> {
  const dispatcher = new Agent({ connections: job.connections, pipelining: 1, allowH2: false })
  const request = requestTo(job)
  let sent = 0
  const worker = async () => {
    while (sent++ < job.requests) {
      if (!job.isStream) await exchange({ dispatcher, request })
      else {
        const check = createFrameCheck()
        await exchange({ dispatcher, request, onData: check.push })
        const faults = check.faults(job.chunks)
        if (faults > 0) throw new Error(`a stream with ${faults} faults`)
      }
    }
  }
  const before = performance.now()
  try {
    await Promise.all(Array.from({ length: job.connections }, worker))
    return { seconds: (performance.now() - before) / 1000 }
  } finally {
    await dispatcher.destroy()
  }
}
