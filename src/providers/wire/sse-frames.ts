import { defaultMaxEventBytes, HeldBytes } from './held-bytes.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** One event, `bytes[start, end)` with its empty line, every line end a line feed. Never written to again. */
export type FrameSink = (bytes: Buffer, start: number, end: number, lines: number) => void

/**
 * Cuts an event stream into events, wherever the network cut it (WHATWG HTML, server-sent events): lines end with
 * LF, CRLF or CR, an empty line ends an event, a byte order mark at the very beginning is no part of it. An event
 * that lies whole in a chunk is not copied.
 */
export class SseFrames {
  readonly #held: HeldBytes
  #lines = 0
  #atLineStart = true
  #afterReturn = false
  #first = true

  constructor({ maxEventBytes = defaultMaxEventBytes } = {}) {
    this.#held = new HeldBytes(maxEventBytes)
  }

  /** Throws GatewayError (reason provider_down) for an event over the bound, after the events before it. */
  push(chunk: Buffer, onFrame: FrameSink): void {
    const bytes = this.#withLineFeeds(chunk)
    let start = 0
    let at = 0
    while (at < bytes.length) {
      if (this.#atLineStart && bytes[at] === lineFeed) {
        at++
        this.#emit(bytes, start, at, onFrame)
        start = at
        continue
      }
      const newline = bytes.indexOf(lineFeed, at)
      this.#atLineStart = newline >= 0
      if (newline < 0) break
      this.#lines++
      at = newline + 1
    }
    if (start < bytes.length) this.#held.add(bytes, start, bytes.length)
  }

  /** What has come of an event that was not ended by an empty line. */
  rest(): Buffer {
    const bytes = this.#held.take()
    return this.#first ? bytes.subarray(afterMark(bytes, 0)) : bytes
  }

  #emit(bytes: Buffer, start: number, end: number, onFrame: FrameSink): void {
    const lines = this.#lines
    this.#lines = 0
    if (this.#held.length > 0) {
      this.#held.add(bytes, start, end)
      const whole = this.#held.take()
      this.#deliver(whole, 0, whole.length, lines, onFrame)
    } else {
      this.#held.check(end - start)
      this.#deliver(bytes, start, end, lines, onFrame)
    }
  }

  #deliver(bytes: Buffer, start: number, end: number, lines: number, onFrame: FrameSink): void {
    const from = this.#first ? afterMark(bytes, start) : start
    this.#first = false
    // An empty line after an empty line ends nothing.
    if (lines > 0) onFrame(bytes, from, end, lines)
  }

  /** The chunk itself where it has no CR, as nearly every upstream's; else a copy with every line end as LF. */
  #withLineFeeds(chunk: Buffer): Buffer {
    if (chunk.length === 0) return chunk
    const from = this.#afterReturn && chunk[0] === lineFeed ? 1 : 0
    this.#afterReturn = chunk[chunk.length - 1] === carriageReturn
    if (!chunk.includes(carriageReturn, from)) return from === 0 ? chunk : chunk.subarray(from)
    const copy = Buffer.allocUnsafe(chunk.length - from)
    let length = 0
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] as number
      copy[length++] = byte === carriageReturn ? lineFeed : byte
      if (byte === carriageReturn && chunk[at + 1] === lineFeed) at++
    }
    return copy.subarray(0, length)
  }
}

function afterMark(bytes: Buffer, start: number): number {
  const marked = bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf
  return marked ? start + 3 : start
}
