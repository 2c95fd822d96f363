import type { Decoder, OnEvent } from './decoder.ts'
import { defaultMaxEventBytes } from './held-bytes.ts'
import { SseFrames } from './sse-frames.ts'

export interface SseDecoder extends Decoder {
  /** `onComment` hears of what has no data: comments keep a connection alive, and must not count as events. */
  push(chunk: Buffer, onEvent: OnEvent, onComment?: () => void): void
}

/** Incremental decoder of `text/event-stream` (WHATWG HTML, server-sent events): any cut, bounded, linear. */
export function createSseDecoder({ maxEventBytes = defaultMaxEventBytes } = {}): SseDecoder {
  const frames = new SseFrames({ maxEventBytes })
  const dispatch = (text: string, onEvent: OnEvent, onComment?: () => void) => {
    const { type, data } = readSseFrame(text)
    if (data === null) onComment?.()
    else onEvent({ type, data, kind: 'event' })
  }
  return {
    push: (chunk, onEvent, onComment) =>
      frames.push(chunk, (bytes, start, end) =>
        dispatch(bytes.toString('utf8', start, end), onEvent, onComment),
      ),
    end: (onEvent) => {
      const text = frames.rest().toString('utf8')
      // A line that was cut off tells nothing; whole lines without the empty one are some servers' last event.
      if (text.endsWith('\n')) dispatch(text, onEvent)
    },
  }
}

/** The fields of one event. `data` is null where it has none: by the standard it is then no event at all. */
export function readSseFrame(text: string): { type: string; data: string | null } {
  let type = ''
  let data: string | null = null
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon === 0 || line === '') continue
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (name === 'data') data = data === null ? value : `${data}\n${value}`
    else if (name === 'event') type = value
  }
  return { type: type === '' ? 'message' : type, data }
}
