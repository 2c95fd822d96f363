import type { UpstreamRequest } from '../../core/provider.ts'
import type { BodySink, Deadlines, DispatchOptions, Exchange } from '../../core/transport.ts'

export const longDeadlines: Deadlines = {
  connectMs: 20_000,
  firstEventMs: 20_000,
  idleMs: 20_000,
  totalMs: 20_000,
}

export function options(given: Partial<DispatchOptions> = {}): DispatchOptions {
  return { egress: 'operator', deadlines: longDeadlines, signal: new AbortController().signal, ...given }
}

export function post(url: string, body: UpstreamRequest['body'] = '{"model":"m"}'): UpstreamRequest {
  return { method: 'POST', url, headers: { 'content-type': 'application/json' }, body }
}

export interface Reading extends BodySink {
  text(): string
  readonly chunks: Buffer[]
  /** Settles with the end: null, or the error it was. */
  readonly ended: Promise<Error | null>
  readonly hasEnded: boolean
}

/** A sink that notes what it hears; throws where it hears anything after the end. */
export function createReading(onData: (chunk: Buffer) => void = () => {}): Reading {
  const chunks: Buffer[] = []
  const { promise, resolve } = Promise.withResolvers<Error | null>()
  let hasEnded = false
  const finish = (error: Error | null) => {
    if (hasEnded) throw new Error('a second end')
    hasEnded = true
    resolve(error)
  }
  return {
    chunks,
    ended: promise,
    get hasEnded() {
      return hasEnded
    },
    text: () => Buffer.concat(chunks).toString(),
    data(chunk) {
      if (hasEnded) throw new Error('data after the end')
      chunks.push(chunk)
      onData(chunk)
    },
    end: () => finish(null),
    error: finish,
  }
}

/** Reads a whole body, failures included. */
export async function readAll(exchange: Exchange): Promise<{ text: string; error: Error | null }> {
  const reading = createReading()
  exchange.read(reading)
  const error = await reading.ended
  return { text: reading.text(), error }
}

/** The failure of a promise; throws where it succeeds. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}
