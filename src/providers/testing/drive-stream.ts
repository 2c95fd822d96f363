import type { GatewayError } from '../../core/errors.ts'
import type { Call, HeaderMap, Translator } from '../../core/provider.ts'
import type { StreamFinal, StreamReader } from '../../core/stream-reader.ts'
import type { Usage } from '../../core/usage.ts'
import { openStream } from '../open-stream.ts'

export interface DriveOptions {
  readonly translator: Translator
  readonly call: Call
  /** The upstream's bytes as the network delivers them. */
  readonly chunks: Iterable<Uint8Array>
  readonly headers?: HeaderMap
}

export interface DrivenStream {
  /** What the client receives, as written: without `[DONE]` and without the error event, which are the proxy's. */
  readonly text: string
  /** The payload of each event in it. */
  readonly events: readonly string[]
  readonly usage: Usage | null
  readonly error: GatewayError | null
  /** A real event has come: from then on nothing could be retried. */
  readonly committed: boolean
  /** Payload events of the upstream. */
  readonly counted: number
}

/** Takes an upstream's stream the way the proxy does: held back until the first real event, ended at the first end. */
export async function runStream({
  translator,
  call,
  chunks,
  headers = {},
}: DriveOptions): Promise<DrivenStream> {
  const mode = translator.streaming(call.connection)
  if (mode.kind === 'none') throw new Error('this provider does not stream')
  const reader = openStream({ translator, mode, call, headers })
  const written: Uint8Array[] = []
  const { committed, counted } = await pushAll(reader, chunks, written)
  const ended = reader.end()
  const final: StreamFinal = ended instanceof Promise ? await ended : ended
  const shows = committed || final.error === null
  if (shows && final.output !== null) written.push(Buffer.from(final.output))
  const text = shows ? Buffer.concat(written).toString('utf8') : ''
  return {
    text,
    events: eventsOf(text),
    usage: final.usage,
    error: final.error,
    committed: shows,
    counted,
  }
}

async function pushAll(
  reader: StreamReader,
  chunks: Iterable<Uint8Array>,
  written: Uint8Array[],
): Promise<{ committed: boolean; counted: number }> {
  let committed = false
  let counted = 0
  for (const chunk of chunks) {
    const pushed = reader.push(Buffer.from(chunk))
    const step = pushed instanceof Promise ? await pushed : pushed
    counted += step.events
    committed ||= step.real
    if (step.output !== null) written.push(Buffer.from(step.output))
    if (step.finished) break
  }
  return { committed, counted }
}

/** The client's view of an event stream: strict, since it is ours: `data: …` and an empty line, nothing else. */
export function eventsOf(text: string): string[] {
  if (text === '') return []
  if (!text.endsWith('\n\n')) throw new Error('an event was written without its end')
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      if (!event.startsWith('data: ') || event.includes('\n'))
        throw new Error(`not an event of OpenAI's: ${event}`)
      return event.slice('data: '.length)
    })
}
