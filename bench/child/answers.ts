import { isMainThread } from 'node:worker_threads'

export type Handlers = Readonly<Record<string, (argument: never) => unknown>>

export interface Question {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}

export interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Answers what the bench asks this process, one answer to each question. */
export function answerBench(handlers: Handlers): void {
  if (!isMainThread || process.send === undefined) return
  process.on('message', ({ id, name, argument }: Question) => {
    const handler = handlers[name]
    // A process may have two sets of handlers, each for its own questions.
    if (handler === undefined) return
    Promise.try(() => handler(argument as never)).then(
      (value) => process.send?.({ id, value } satisfies Answer),
      (error: unknown) => process.send?.({ id, error: String(error) } satisfies Answer),
    )
  })
}
