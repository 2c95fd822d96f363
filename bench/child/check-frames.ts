import { word } from './frames.ts'

export interface FrameCheck {
  /** Bytes as they came, cut anywhere. */
  readonly push: (bytes: Uint8Array) => void
  /** Frames with content so far. */
  readonly frames: number
  /** Faults so far, and, once the answer has ended, what is missing of `expected`. */
  faults(expected: number): number
}

const opening = `"content":"${word(0).slice(0, 2)}`
const digits = word(0).length - 2

/** Follows a client's stream of numbered frames: each must come once, in order, and `[DONE]` after the last. */
export function createFrameCheck(): FrameCheck {
  let rest = ''
  let expectedNext = 0
  let frames = 0
  let disorder = 0
  let isDone = false
  return {
    get frames() {
      return frames
    },
    push(bytes) {
      const text = rest + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
      const whole = text.lastIndexOf('\n\n') + 2
      if (whole < 2) {
        rest = text
        return
      }
      rest = text.slice(whole)
      for (let at = text.indexOf(opening); at >= 0 && at < whole; at = text.indexOf(opening, at + 1)) {
        const from = at + opening.length
        const number = Number(text.slice(from, from + digits))
        if (number !== expectedNext) disorder++
        expectedNext = number + 1
        frames++
      }
      if (text.includes('data: [DONE]\n\n')) isDone = true
    },
    faults: (expected) => disorder + Math.abs(expected - frames) + (isDone && rest === '' ? 0 : 1),
  }
}
