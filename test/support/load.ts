import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { median, quantile } from './fleet.ts'

/** One request of the load; times are `performance.now()` and ms. */
export interface Shot {
  readonly at: number
  readonly ms: number
  /** 0: there was no answer. */
  readonly status: number
}

export interface Load {
  /** Those that have ended, in the order of their ends. */
  readonly shots: readonly Shot[]
  /** No further ones; resolves when the last has ended. */
  stop(): Promise<void>
}

export interface LoadOptions {
  readonly urls: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly perSecond: number
}

const tickMs = 25
const answerMs = 20_000

/** Sends at an even pace to one after the other, whether or not the former requests were answered. */
export function startLoad({ urls, headers, body, perSecond }: LoadOptions): Load {
  const shots: Shot[] = []
  const dispatcher = new Agent({ connections: 200 })
  const underWay = new Set<Promise<void>>()
  let isOver = false

  async function shoot(url: string): Promise<void> {
    const at = performance.now()
    let status = 0
    try {
      const signal = AbortSignal.timeout(answerMs)
      const answer = await request(url, { method: 'POST', headers, body, dispatcher, signal })
      await answer.body.text()
      status = answer.statusCode
    } catch {
      // Counted as no answer.
    }
    shots.push({ at, ms: performance.now() - at, status })
  }

  async function run(): Promise<void> {
    const from = performance.now()
    for (let sent = 0; !isOver; await sleep(tickMs)) {
      const due = Math.floor(((performance.now() - from) / 1_000) * perSecond)
      for (; sent < due; sent++) {
        const flight = shoot(urls[sent % urls.length] ?? '')
        underWay.add(flight)
        void flight.then(() => underWay.delete(flight))
      }
    }
  }

  const running = run()
  return {
    shots,
    async stop() {
      isOver = true
      await running
      await Promise.all(underWay)
      await dispatcher.close()
    },
  }
}

export interface Figures {
  readonly count: number
  readonly failed: number
  readonly p50: number
  readonly p99: number
  /** The median of the p99 of each second: what another process takes of the machine for a moment is not in it. */
  readonly usualP99: number
  readonly worst: number
}

const secondMs = 1_000

/** Of the requests that began in this time. */
export function figuresOf(shots: readonly Shot[], from: number, to: number): Figures {
  const within = shots.filter(({ at }) => at >= from && at < to)
  const times = within.map(({ ms }) => ms)
  const seconds = Map.groupBy(times, (_, index) => Math.floor(((within[index]?.at ?? 0) - from) / secondMs))
  return {
    count: within.length,
    failed: within.filter(({ status }) => status !== 200).length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    usualP99: median([...seconds.values()].map((ones) => quantile(ones, 0.99))),
    worst: quantile(times, 1),
  }
}

export function told({ count, failed, p50, p99, usualP99, worst }: Figures): string {
  const [shown50, shown99, usual, shownWorst] = [p50, p99, usualP99, worst].map((ms) => `${ms.toFixed(1)} ms`)
  return (
    `${count} requests, ${failed} failed, p50 ${shown50}, p99 ${shown99} (of a usual second ${usual}), ` +
    `worst ${shownWorst}`
  )
}
