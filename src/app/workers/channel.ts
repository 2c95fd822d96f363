import type { After } from '../../registry/timers.ts'

/** What one end of a channel answers, by what it is asked. What is thrown reaches the asking end as an Error. */
export type Answers = Readonly<Record<string, (value: unknown) => unknown>>

export interface Channel {
  /** Rejects with an Error where the other end is gone, is not there in time, or has none for it. */
  ask(what: string, value?: unknown, deadlineMs?: number): Promise<unknown>
  /** The other end is gone: what it was asked is not answered any more. Idempotent. */
  close(): void
}

export interface ChannelOptions {
  /** Passes on a message, or says why that cannot be done. Must not throw. */
  readonly send: (message: object, onFault: (error: Error) => void) => void
  /** Is given the one listener for messages. */
  readonly listen: (listener: (message: unknown) => void) => void
  readonly answers: Answers
  readonly after: After
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
  stopTimer(): void
}

const usualDeadlineMs = 5_000

/** Questions and answers, both ways, between two processes that pass messages. */
export function createChannel({ send, listen, answers, after }: ChannelOptions): Channel {
  const waiting = new Map<number, Waiting>()
  let asked = 0
  let isClosed = false

  function settle(id: number, how: (one: Waiting) => void): void {
    const one = waiting.get(id)
    if (one === undefined) return
    waiting.delete(id)
    one.stopTimer()
    how(one)
  }

  async function answer(ask: number, what: string, value: unknown): Promise<void> {
    const drop = () => undefined
    try {
      const make = answers[what]
      if (make === undefined) throw new Error(`nothing is known of ${what}`)
      send({ answer: ask, value: await make(value) }, drop)
    } catch (error) {
      send({ answer: ask, fault: error instanceof Error ? error.message : String(error) }, drop)
    }
  }

  listen((message) => {
    if (!isMessage(message)) return
    if (typeof message.ask === 'number') void answer(message.ask, String(message.what), message.value)
    else if (typeof message.answer === 'number') {
      const { fault, value } = message
      settle(message.answer, (one) =>
        typeof fault === 'string' ? one.reject(new Error(fault)) : one.resolve(value),
      )
    }
  })

  return {
    ask: (what, value, deadlineMs = usualDeadlineMs) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(new Error('the other process is gone'))
        const id = ++asked
        const fail = (error: Error) => settle(id, (one) => one.reject(error))
        const late = () => fail(new Error(`no answer in ${deadlineMs} ms: ${what}`))
        waiting.set(id, { resolve, reject, stopTimer: after(deadlineMs, late) })
        send({ ask: id, what, value }, fail)
      }),
    close() {
      isClosed = true
      for (const id of waiting.keys()) settle(id, (one) => one.reject(new Error('the other process is gone')))
    },
  }
}

interface Message {
  readonly ask?: unknown
  readonly what?: unknown
  readonly answer?: unknown
  readonly value?: unknown
  readonly fault?: unknown
}

function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null
}
