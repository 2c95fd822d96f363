import type { EventQueue } from './event-queue.ts'

/** What a server did in one second. */
export interface Second {
  readonly calls: Record<string, number>
  /** Messages handed to subscribers. */
  messages: number
  busyMs: number
  bytesOut: number
  /** Calls whose answer came too late, or not. */
  late: number
  /** The longest wait for an answer, ms. */
  wait: number
}

/** The time of a server that does one thing at a time. */
export interface ServerTime {
  /** By the second; those in which nothing happened are missing. */
  readonly seconds: readonly Second[]
  /** Asks for one thing, as the project's store does: rejects after its deadline, and the server does it all the same. */
  readonly call: <Result>(
    name: string,
    costUs: (result: Result) => number,
    make: () => Promise<Result>,
  ) => Promise<Result>
  /** Takes the server's time for so many messages; answers in how many ms they are there. */
  readonly tell: (messages: number, costUs: number, bytes: number) => number
}

export interface ServerTimeOptions {
  readonly queue: EventQueue
  /** For one call. */
  readonly timeoutMs?: number
  /** The network, each way. */
  readonly wayMs?: number
}

export function createServerTime({ queue, timeoutMs = 1_000, wayMs = 1 }: ServerTimeOptions): ServerTime {
  const { clock, schedule } = queue
  const start = clock.monotonic()
  const seconds: Second[] = []
  let freeAt = start

  const second = (moment = clock.monotonic()): Second =>
    (seconds[Math.floor((moment - start) / 1_000)] ??= {
      calls: {},
      messages: 0,
      busyMs: 0,
      bytesOut: 0,
      late: 0,
      wait: 0,
    })

  /** Counted in the second in which it is over. */
  function take(ms: number): void {
    freeAt = Math.max(freeAt, clock.monotonic()) + ms
    second(freeAt).busyMs += ms
  }

  return {
    seconds,
    call: (name, costUs, make) =>
      new Promise((resolve, reject) => {
        const askedAt = clock.monotonic()
        const stop = schedule(timeoutMs, () => {
          second().late++
          reject(new Error('no answer in time'))
        })
        // In the order in which they come; what is asked is done at that moment, and answered when its turn is over.
        schedule(wayMs, () => {
          void make().then((result) => {
            take(costUs(result) / 1_000)
            const now = second()
            now.calls[name] = (now.calls[name] ?? 0) + 1
            schedule(freeAt + wayMs - clock.monotonic(), () => {
              now.wait = Math.max(now.wait, clock.monotonic() - askedAt)
              stop()
              resolve(result)
            })
          })
        })
      }),
    tell(messages, costUs, bytes) {
      take((messages * costUs) / 1_000)
      const now = second()
      now.messages += messages
      now.bytesOut += messages * bytes
      return freeAt + wayMs - clock.monotonic()
    },
  }
}
