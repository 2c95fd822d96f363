import { anthropic } from '../../test/support/protocols/anthropic.ts'
import { bedrock } from '../../test/support/protocols/bedrock.ts'
import { cohere } from '../../test/support/protocols/cohere.ts'
import { gemini } from '../../test/support/protocols/google.ts'
import type { Protocol } from '../../test/support/protocols/protocol.ts'

/** The protocols that are translated, in the order of the table. */
export const translated: readonly Protocol[] = [anthropic(), bedrock(), gemini(), cohere()]

export interface Stream {
  readonly contentType: string
  readonly opening: Buffer
  /** Where one is content, its text is `word(n)`. */
  readonly chunks: readonly Buffer[]
  readonly ending: Buffer
}

/** The n-th chunk's text: numbered, so that the client sees whether one is missing. */
export const word = (number: number): string => ` w${String(number).padStart(6, '0')}`

/** A stream of so many chunks in the protocol that a path belongs to. */
export function streamFor(path: string, count: number): Stream {
  const words = Array.from({ length: count }, (_, number) => word(number))
  const protocol = translated.find((one) => path === one.path(true))
  if (protocol === undefined) return openaiStream(words)
  const { opening, deltas, ending } = protocol.frames({ words })
  const join = (frames: readonly (string | Uint8Array)[]) =>
    Buffer.concat(frames.map((frame) => Buffer.from(frame)))
  // Some protocols begin and end a block of text; those frames go with their neighbours.
  const before = deltas.findIndex((frame) => Buffer.from(frame).includes(word(0).trim()))
  return {
    contentType: protocol.streamType,
    opening: join([...opening, ...deltas.slice(0, before)]),
    chunks: deltas.slice(before, before + count).map((frame) => Buffer.from(frame)),
    ending: join([...deltas.slice(before + count), ...ending]),
  }
}

const openaiFrame = (delta: object | null, finish: string | null, usage: object | null = null) =>
  Buffer.from(
    `data: ${JSON.stringify({
      id: 'chatcmpl-bench-0123456789abcdef',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'bench-model-2026',
      system_fingerprint: 'fp_0123456789',
      choices: delta === null ? [] : [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      usage,
    })}\n\n`,
  )

function openaiStream(words: readonly string[]): Stream {
  const usage = { prompt_tokens: 200, completion_tokens: words.length, total_tokens: 200 + words.length }
  return {
    contentType: 'text/event-stream',
    opening: openaiFrame({ role: 'assistant', content: '', refusal: null }, null),
    chunks: words.map((content) => openaiFrame({ content }, null)),
    ending: Buffer.concat([
      openaiFrame({}, 'stop'),
      openaiFrame(null, null, usage),
      Buffer.from('data: [DONE]\n\n'),
    ]),
  }
}

/** A whole answer of 60 words, about 500 bytes. */
export const completion = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'bench',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'word '.repeat(60), refusal: null },
        finish_reason: 'stop',
        logprobs: null,
      },
    ],
    usage: { prompt_tokens: 200, completion_tokens: 60, total_tokens: 260 },
  }),
)
