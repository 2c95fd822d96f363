import { describe, expect, it } from 'vitest'
import { GatewayError } from '../core/errors.ts'
import type { ChatChunk, ChatDelta, FinishReason } from '../core/openai.ts'
import type { Call, Framing, StreamTranslator, Translator } from '../core/provider.ts'
import { noUsage } from '../core/usage.ts'
import { chatCall } from './testing/chat-call.ts'
import { runStream } from './testing/drive-stream.ts'
import { encodeEvent } from './testing/encode-event-stream.ts'

const down = new GatewayError('upstream_error', 'it said so', { reason: 'provider_down' })
const cutOff = new GatewayError('upstream_error', 'cut off', { reason: 'network' })
const usage = { ...noUsage, input: 3, output: 2 }

/** A provider whose events are words: `fail` fails, `broken` is a fault of ours, `end` finishes, others are content. */
function wordsTranslator(call: Call, { later = false } = {}): StreamTranslator {
  let finished = false
  const chunk = (delta: ChatDelta, finish_reason: FinishReason | null = null): ChatChunk => ({
    id: call.id,
    object: 'chat.completion.chunk',
    created: call.created,
    model: 'theirs',
    choices: [{ index: 0, delta, finish_reason }],
  })
  const read = (word: string): ChatChunk[] => {
    if (word === 'fail') throw down
    if (word === 'broken') throw new TypeError('a fault')
    finished = word === 'end'
    return [finished ? chunk({}, 'stop') : chunk({ content: word })]
  }
  return {
    push: ({ data }) => (later ? Promise.resolve().then(() => read(data)) : read(data)),
    end: () => ({ chunks: [], usage, error: finished ? null : cutOff }),
    get finished() {
      return finished
    },
  }
}

function translator(framing: Framing, options = {}): Translator {
  return {
    buildRequests: () => ({ requests: [], dropped: [] }),
    readResponse: () => ({ body: null, usage: null }),
    streaming: () => ({ kind: 'translate', framing, open: (call) => wordsTranslator(call, options) }),
  }
}

function run(
  chunks: readonly string[],
  options: { framing?: Framing; later?: boolean; includeUsage?: boolean } = {},
) {
  const { framing = 'sse', includeUsage = false, ...rest } = options
  const stream_options = { include_usage: includeUsage }
  const call = chatCall({
    body: { messages: [{ role: 'user', content: 'hi' }], stream: true, stream_options },
  })
  const bytes = chunks.map((text) => Buffer.from(text))
  return runStream({ translator: translator(framing, rest), call, chunks: bytes })
}

const wordsOf = (events: readonly string[]) =>
  events.map((event) => {
    const [choice] = (JSON.parse(event) as ChatChunk).choices
    return choice?.finish_reason ?? choice?.delta.content ?? 'usage'
  })

describe.each([false, true])('a translated stream (its translator answers later: %s)', (later) => {
  it('gives chunks in order, the rest after the end ignored', async () => {
    const { events, error, counted } = await run(
      ['data: a\n\ndata: b', '\n\n: x\n\ndata: end\n\ndata: c\n\n'],
      { later },
    )
    expect(wordsOf(events)).toEqual(['a', 'b', 'stop'])
    expect([error, counted]).toEqual([null, 4])
  })

  it('keeps what came before a failure in the same chunk', async () => {
    const { events, error } = await run(['data: a\n\ndata: fail\n\ndata: b\n\n'], { later })
    expect([wordsOf(events), error]).toEqual([['a'], down])
  })

  it('tells of an end that came too early', async () => {
    expect(await run(['data: a\n\n'], { later })).toMatchObject({ error: cutOff, committed: true })
  })

  it("leaves the gateway's own faults to the caller", async () => {
    await expect(run(['data: a\n\ndata: broken\n\n'], { later })).rejects.toThrow(TypeError)
  })
})

describe('usage', () => {
  it('comes last, in the model’s name, and only to those who asked', async () => {
    const { events } = await run(['data: a\n\ndata: end\n\n'], { includeUsage: true })
    const chunks = events.map((event) => JSON.parse(event) as ChatChunk)
    expect(chunks.slice(0, -1).map(({ usage: told }) => told)).toEqual([null, null])
    expect(chunks.at(-1)).toMatchObject({
      model: 'theirs',
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    })
    const plain = await run(['data: a\n\ndata: end\n\n'])
    expect(wordsOf(plain.events)).toEqual(['a', 'stop'])
    expect(plain.text).not.toContain('"usage"')
    expect(wordsOf((await run(['data: a\n\n'], { includeUsage: true })).events)).toEqual(['a'])
  })
})

describe('framings', () => {
  it('are JSON lines, the last without its end', async () => {
    const { events, error } = await run(['a\nb', '\nend'], { framing: 'ndjson' })
    expect([wordsOf(events), error]).toEqual([['a', 'b', 'stop'], null])
  })

  it('have a last line without its end read by a translator that answers later', async () => {
    const { events, error } = await run(['a\nend'], { framing: 'ndjson', later: true })
    expect([wordsOf(events), error]).toEqual([['a', 'stop'], null])
    expect((await run(['a\nfail'], { framing: 'ndjson', later: true })).error).toEqual(down)
  })

  it('are AWS event streams, whose broken frames are failures', async () => {
    const call = chatCall({ body: { messages: [{ role: 'user', content: 'hi' }], stream: true } })
    const frame = encodeEvent('delta', { text: 'x' })
    const options = { translator: translator('aws-event-stream'), call }
    const whole = await runStream({ ...options, chunks: [frame.subarray(0, 9), frame.subarray(9)] })
    expect(wordsOf(whole.events)).toEqual(['{"text":"x"}'])
    const broken = Buffer.concat([frame, Buffer.from('<html>not a frame</html>')])
    expect((await runStream({ ...options, chunks: [broken] })).error).toMatchObject({
      reason: 'provider_down',
    })
    const cut = await runStream({ ...options, chunks: [frame, frame.subarray(0, 20)] })
    expect([wordsOf(cut.events).length, cut.error?.code]).toEqual([1, 'upstream_error'])
  })
})
