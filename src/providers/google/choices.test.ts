import { describe, expect, it } from 'vitest'
import type { ChatChunk, ChatCompletion } from '../../core/openai.ts'
import { chatCall } from '../testing/chat-call.ts'
import { runStream } from '../testing/drive-stream.ts'
import { chat } from './chat.ts'
import { answered, functionCall, generated, text } from './fixtures/answers.ts'
import { gemini } from './fixtures/connections.ts'
import { called, hi, user } from './fixtures/requests.ts'
import { frames } from './fixtures/streams.ts'

const connection = gemini()
const whole = chatCall({ body: { messages: hi, n: 2 }, connection })
const streamed = chatCall({ body: { messages: hi, n: 2, stream: true }, connection })

async function read(body: object, call = whole): Promise<ChatCompletion> {
  return (await chat.readResponse(answered(body), call)).body as ChatCompletion
}

async function stream(...bodies: readonly object[]) {
  const run = await runStream({ translator: chat, call: streamed, chunks: [frames(...bodies)] })
  return { ...run, chunks: run.events.map((event) => JSON.parse(event) as ChatChunk) }
}

describe('several candidates', () => {
  it('are choices of one answer', async () => {
    const { choices } = await read(
      generated([
        { parts: [text('a')], finish: 'STOP' },
        { parts: [text('b')], finish: 'MAX_TOKENS', index: 1 },
      ]),
    )
    expect(
      choices.map(({ index, message, finish_reason }) => [index, message.content, finish_reason]),
    ).toEqual([
      [0, 'a', 'stop'],
      [1, 'b', 'length'],
    ])
  })

  it('are choices of one stream, each with its role and its end', async () => {
    const { chunks, error } = await stream(
      generated([{ parts: [text('a')] }]),
      generated([{ parts: [text('b')], index: 1, finish: 'STOP' }]),
      generated([{ parts: [text('c')], finish: 'STOP' }]),
    )
    expect(error).toBeNull()
    const seen = chunks.flatMap(({ choices }) =>
      choices.map((one) => [one.index, one.delta, one.finish_reason]),
    )
    expect(seen).toEqual([
      [0, { role: 'assistant', content: '' }, null],
      [0, { content: 'a' }, null],
      [1, { role: 'assistant', content: '' }, null],
      [1, { content: 'b' }, null],
      [0, { content: 'c' }, null],
      [0, {}, 'stop'],
      [1, {}, 'stop'],
    ])
  })

  it('are no whole answer until each has said why it ended', async () => {
    const { error } = await stream(
      generated([{ parts: [text('a')], finish: 'STOP' }]),
      generated([{ parts: [text('b')], index: 1 }]),
    )
    expect(error).toMatchObject({ reason: 'provider_down' })
  })

  it('share no id among their tool calls', async () => {
    const parts = [functionCall('f', {})]
    const { choices } = await read(
      generated([
        { parts, finish: 'STOP' },
        { parts, finish: 'STOP', index: 1 },
      ]),
    )
    const ids = choices.flatMap(({ message }) => message.tool_calls?.map(({ id }) => id))
    expect(new Set(ids).size).toBe(2)
  })
})

describe('tool calls', () => {
  const parts = [{ functionCall: { id: 'g-1', name: 'f', args: { a: 1 } }, thoughtSignature: 'sig' }]

  it('keep their own ids and signatures, whole and streamed', async () => {
    const extra = { extra_content: { google: { thought_signature: 'sig' } } }
    const { choices } = await read(generated([{ parts, finish: 'STOP' }]))
    expect(choices[0]?.message.tool_calls).toEqual([
      { id: 'g-1', type: 'function', function: { name: 'f', arguments: '{"a":1}' }, ...extra },
    ])
    const { chunks } = await stream(generated([{ parts }]), generated([{ finish: 'STOP' }]))
    const deltas = chunks.flatMap((chunk) => chunk.choices.flatMap(({ delta }) => delta.tool_calls ?? []))
    expect(deltas).toEqual([
      { index: 0, id: 'g-1', type: 'function', function: { name: 'f', arguments: '' }, ...extra },
      { index: 0, function: { arguments: '{"a":1}' } },
    ])
  })

  it('can be sent back as they came', async () => {
    const { choices } = await read(generated([{ parts, finish: 'STOP' }]))
    const message = choices[0]?.message
    if (message === undefined) throw new Error('an answer has a message')
    const messages = [user('a'), message, { role: 'tool' as const, tool_call_id: 'g-1', content: 'x' }]
    const { requests } = await chat.buildRequests(chatCall({ body: { messages }, connection }))
    const sent = JSON.parse(String(requests[0]?.body)) as { contents: object[] }
    expect(sent.contents[1]).toEqual({ role: 'model', parts })
  })

  it('come in the old form to who asked in it', async () => {
    const functions = [called('x').function]
    const call = chatCall({ body: { messages: hi, functions }, connection })
    const { choices } = await read(generated([{ parts, finish: 'STOP' }]), call)
    expect(choices[0]).toMatchObject({
      message: { function_call: { name: 'f', arguments: '{"a":1}' } },
      finish_reason: 'function_call',
    })
  })
})

describe('usage', () => {
  it('is not lost to a part that only says how it is billed, and none where nothing was counted', async () => {
    const billed = { usageMetadata: { trafficType: 'ON_DEMAND' } }
    const counted = { usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 2 } }
    const { usage } = await stream(
      generated([{ parts: [text('a')] }], counted),
      generated([{ finish: 'STOP' }], billed),
    )
    expect(usage).toMatchObject({ input: 4, output: 2 })
    const { usage: none } = await chat.readResponse(
      answered(generated([{ parts: [text('a')], finish: 'STOP' }], billed)),
      whole,
    )
    expect(none).toBeNull()
  })
})

describe('a filter', () => {
  it('may stop an answer on the way', async () => {
    const { chunks, error } = await stream(generated([{ parts: [text('a')] }]), {
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
    })
    expect(error).toBeNull()
    expect(chunks.at(-1)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'content_filter' })
  })
})

describe('log probabilities', () => {
  const chosen = { token: 'Hé', logProbability: -0.5, tokenId: 7 }
  const logprobs = { chosenCandidates: [chosen], topCandidates: [{ candidates: [chosen, { token: 'Ho' }] }] }
  const bytes = [72, 195, 169]
  const expected = {
    content: [
      {
        token: 'Hé',
        logprob: -0.5,
        bytes,
        top_logprobs: [
          { token: 'Hé', logprob: -0.5, bytes },
          { token: 'Ho', logprob: 0, bytes: [72, 111] },
        ],
      },
    ],
    refusal: null,
  }

  it('are OpenAI’s, whole and streamed', async () => {
    const body = generated([{ parts: [text('Hé')], finish: 'STOP', logprobs }])
    expect((await read(body)).choices[0]?.logprobs).toEqual(expected)
    const { chunks } = await stream(body)
    expect(chunks.map(({ choices }) => choices[0]?.logprobs)).toEqual([undefined, expected, undefined])
  })
})

describe('an answer with an error in it', () => {
  it('is that failure', async () => {
    const error = { code: 429, message: 'Please retry in 2s', status: 'RESOURCE_EXHAUSTED' }
    await expect(read([{ error }])).rejects.toMatchObject({ reason: 'rate_limit', retryAfterMs: 2000 })
  })

  it('fails where a candidate holds nothing, not where it only leaves out why it ended', async () => {
    await expect(read(generated([{}]))).rejects.toMatchObject({ reason: 'provider_down' })
    const { choices } = await read(generated([{ parts: [text('a')] }]))
    expect(choices[0]).toMatchObject({ message: { content: 'a' }, finish_reason: 'stop' })
  })

  it('fails where the model could not write a call, and not where it did', async () => {
    for (const finish of ['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS']) {
      // A prompt can bring it about: that is nothing against the connection.
      await expect(read(generated([{ finish }]))).rejects.toMatchObject({ status: 502, reason: null })
    }
    const { choices } = await read(
      generated([{ parts: [functionCall('f', {})], finish: 'UNEXPECTED_TOOL_CALL' }]),
    )
    expect(choices[0]?.finish_reason).toBe('tool_calls')
  })
})
