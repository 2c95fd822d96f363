import type { Decoder, OnEvent } from './decoder.ts'
import { defaultMaxEventBytes, HeldBytes } from './held-bytes.ts'

const lineFeed = 0x0a

/** Incremental decoder of JSON lines: one event a line, empty lines passed over. The last line needs no line end. */
export function createNdjsonDecoder({ maxEventBytes = defaultMaxEventBytes } = {}): Decoder {
  const held = new HeldBytes(maxEventBytes)
  const dispatch = (line: string, onEvent: OnEvent) => {
    const data = line.trim()
    if (data !== '') onEvent({ type: 'message', data, kind: 'event' })
  }
  return {
    push: (chunk, onEvent) => {
      let start = 0
      for (;;) {
        const newline = chunk.indexOf(lineFeed, start)
        if (newline < 0) break
        held.check(newline - start)
        const spans = held.length > 0
        if (spans) held.add(chunk, start, newline)
        dispatch(spans ? held.take().toString('utf8') : chunk.toString('utf8', start, newline), onEvent)
        start = newline + 1
      }
      held.add(chunk, start, chunk.length)
    },
    end: (onEvent) => dispatch(held.take().toString('utf8'), onEvent),
  }
}
