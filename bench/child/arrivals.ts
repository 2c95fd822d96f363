import { Worker } from 'node:worker_threads'
import { Agent } from 'undici'
import type { Arrivals, ArrivalsResult } from '../messages.ts'
import { quantile } from '../statistics.ts'
import { exchange, requestTo } from './exchange.ts'

const ticker = new URL('./ticker.ts', import.meta.url)

/**
 * Sends requests when they are due, at a constant rate, however slow the answers are, and counts from when each was
 * due: a proxy that stands still pays for all that should have come meanwhile.
 */
export async function arrivals(job: Arrivals): Promise<ArrivalsResult> {
  const dispatcher = new Agent({ connections: 256, pipelining: 1, allowH2: false })
  const request = requestTo(job)
  const latencies: number[] = []
  const late: number[] = []
  const now = () => performance.timeOrigin + performance.now()
  const one = async (due: number) => {
    late.push(now() - due)
    let first = 0
    const onData = (bytes: Buffer) => {
      if (first === 0 && bytes.includes('"content":" w')) first = now()
    }
    await exchange({ dispatcher, request, ...(job.isStream && { onData }) })
    if (job.isStream && first === 0) throw new Error('a stream without content')
    latencies.push((job.isStream ? first : now()) - due)
  }
  const worker = new Worker(ticker, {
    execArgv: [],
    workerData: { startAt: now() + 50, everyMs: 1000 / job.perSecond, count: job.perSecond * job.seconds },
  })
  const all: Promise<void>[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (due: number) => {
        const running = one(due)
        running.catch(reject)
        all.push(running)
      })
      worker.once('error', reject)
      worker.once('exit', () => resolve())
    })
    await Promise.all(all)
    return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), late: quantile(late, 0.99) }
  } finally {
    await worker.terminate()
    await dispatcher.destroy()
  }
}
