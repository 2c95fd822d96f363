import { GatewayError } from '../../core/errors.ts'
import type { Eventually, ReadResponse } from '../../core/provider.ts'
import type { StreamFinal, StreamReader } from '../../core/stream-reader.ts'
import type { Exchange } from '../../core/transport.ts'
import type { Usage } from '../../core/usage.ts'

/** What an answer to a small question says. */
export interface Said {
  /** Of a generation; '' where the model said nothing. null: it was an embedding. */
  readonly text: string | null
  /** The length of an embedding; null: it was a generation. */
  readonly dimensions: number | null
  readonly usage: Usage | null
}

/** OpenAI's answer, whole. `bytes`: the upstream's own, for where they pass through. */
export function saidWhole({ body, usage }: ReadResponse, bytes: Uint8Array): Said {
  const answer = body ?? parse(Buffer.from(bytes).toString('utf8'))
  const embedding = at(answer, 'data', 0, 'embedding')
  if (Array.isArray(embedding)) return { text: null, dimensions: embedding.length, usage }
  const text = at(answer, 'choices', 0, 'message', 'content') ?? at(answer, 'choices', 0, 'text')
  return { text: typeof text === 'string' ? text : '', dimensions: null, usage }
}

/** An answer to one small question is never longer. */
const maxStreamBytes = 8 * 1024 * 1024

/** A stream, read to its real end. Rejects with GatewayError where it breaks off or tells of a failure. */
export function saidInStream(exchange: Exchange, reader: StreamReader): Promise<Said> {
  return new Promise((resolve, reject) => {
    let text = ''
    let size = 0
    let isOver = false
    let inTurn: Promise<void> = Promise.resolve()
    const settle = (error: unknown, usage: Usage | null = null) => {
      if (isOver) return
      isOver = true
      exchange.abort()
      if (error === null) resolve({ text, dimensions: null, usage })
      else reject(error as Error)
    }
    const finish = (final: StreamFinal) => {
      text += textOf(final.output)
      settle(final.error, final.usage)
    }
    // One after the other: a reader may answer with promises.
    const next = (work: () => Eventually<void>) => {
      inTurn = inTurn.then(() => (isOver ? undefined : work())).catch((error: unknown) => settle(error))
    }
    exchange.read({
      data(chunk) {
        size += chunk.length
        if (size > maxStreamBytes) return settle(tooLong())
        exchange.event()
        next(async () => {
          const step = await reader.push(chunk)
          text += textOf(step.output)
          if (step.finished) finish(await reader.end())
        })
      },
      end: () => next(async () => finish(await reader.end())),
      error: (error) => next(() => settle(error)),
    })
  })
}

function tooLong(): GatewayError {
  return new GatewayError('upstream_error', `The upstream's stream is longer than ${maxStreamBytes} bytes.`, {
    reason: 'provider_down',
  })
}

/** Events of an answer this small come whole or are not worth their text. */
function textOf(output: Uint8Array | string | null): string {
  if (output === null) return ''
  const events = typeof output === 'string' ? output : Buffer.from(output).toString('utf8')
  return events
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => at(parse(line.slice('data: '.length)), 'choices', 0, 'delta', 'content'))
    .filter((content) => typeof content === 'string')
    .join('')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Record<string | number, unknown>)[key]
        : undefined,
    value,
  )
}
