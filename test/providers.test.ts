import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createProviders } from '../src/providers/index.ts'
import { anthropic } from './support/protocols/anthropic.ts'
import { bedrock, bedrockByKey } from './support/protocols/bedrock.ts'
import { cohere } from './support/protocols/cohere.ts'
import { customNdjson, customSse, customWhole } from './support/protocols/custom.ts'
import { gemini, vertex, vertexClaude } from './support/protocols/google.ts'
import { openaiHosts } from './support/protocols/openai-hosts.ts'
import { answer, besideTokens, playFrames, say, send } from './support/protocols/play.ts'
import { counted, type Protocol, type Turn, vectors } from './support/protocols/protocol.ts'
import { createScene, type Scene } from './support/scene.ts'
import type { Script, SeenRequest } from './support/upstream.ts'

const wired = createProviders()
const protocols: readonly Protocol[] = [
  ...openaiHosts(),
  anthropic(),
  bedrock(),
  bedrockByKey(),
  gemini(),
  vertex(),
  vertexClaude(),
  cohere(),
  customSse(),
  customNdjson(),
  customWhole(),
].filter(({ provider }) => wired.has(provider))

/** Models apart for what marks a connection, each with a key of its own. */
const uses = ['main', 'limited', 'denied', 'first', 'cut'] as const
type Use = (typeof uses)[number] | 'embed'

const spoken: Turn = { words: ['Hello ', 'there, ', 'friend.'] }
const working: Turn = {
  calls: [
    { id: 'call_a1', name: 'weather', arguments: '{"city":"Oslo"}', fragments: ['{"ci', 'ty":"Os', 'lo"}'] },
    { id: 'call_b2', name: 'clock', arguments: '{}', fragments: [] },
  ],
}
const messages: OpenAI.ChatCompletionMessageParam[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Say hello.' },
]
const tools = ['weather', 'clock'].map((name) => ({
  type: 'function' as const,
  function: { name, description: `The ${name}.`, parameters: { type: 'object', properties: {} } },
}))

let scene: Scene
let client: OpenAI

beforeAll(async () => {
  scene = await createScene({
    upstreams: Object.fromEntries(protocols.map(({ name }) => [name, undefined])),
    config: (urls) => ({ models: protocols.flatMap((protocol) => modelsOf(protocol, urls)) }),
  })
  client = new OpenAI({ baseURL: `${scene.gateway.url}/v1`, apiKey: scene.token, maxRetries: 0 })
}, 60_000)
afterAll(() => scene.stop())

function modelsOf(protocol: Protocol, urls: Record<string, string>): Record<string, unknown>[] {
  const { origin } = new URL(urls[protocol.name] ?? '')
  const model = (use: Use, modelName: string, fields: object = {}) => ({
    name: `${protocol.name}/${use}`,
    is_embedding: use === 'embed',
    connections: [
      {
        name: 'default',
        model_name: modelName,
        credentials: protocol.credential(origin, keyOf(protocol, use)),
        ...fields,
      },
    ],
  })
  const { embeddings } = protocol
  return [
    ...uses.map((use) => model(use, protocol.modelName, protocol.connection?.(origin))),
    ...(embeddings ? [model('embed', embeddings.modelName, embeddings.connection?.(origin))] : []),
  ]
}

function keyOf({ name }: Protocol, use: Use): string {
  return `key-${name}-${use}`
}

/** What the SDK makes of an answer, without ids and what a provider adds of its own. */
function comparable(completion: OpenAI.ChatCompletion): unknown {
  const plain = structuredClone(completion)
  const own = ['extra_content', 'content_filter_results', 'parsed', 'parsed_arguments']
  return {
    finish: plain.choices.map((choice) => choice.finish_reason),
    messages: plain.choices.map(({ message }) => ({
      ...without(message, [...own, 'tool_calls']),
      // A stream begins with an empty text before it is known that calls follow.
      content: message.content || null,
      calls: message.tool_calls?.map((call) => ({
        ...without(call, [...own, 'id']),
        function: call.type === 'function' ? without(call.function, own) : null,
      })),
    })),
    usage: [plain.usage?.prompt_tokens, plain.usage?.completion_tokens, plain.usage?.total_tokens],
  }
}

function without(value: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
}

const usage = [counted.input, counted.output, counted.input + counted.output]
const said = {
  finish: ['stop'],
  messages: [{ role: 'assistant', content: 'Hello there, friend.', refusal: null }],
  usage,
}
const called = {
  finish: ['tool_calls'],
  messages: [
    {
      role: 'assistant',
      content: null,
      refusal: null,
      calls: [
        { type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
        { type: 'function', function: { name: 'clock', arguments: '{}' } },
      ],
    },
  ],
  usage,
}

async function rejection(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error = await promise.then(
    () => new Error('it was answered'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(OpenAI.APIError)
  return error as InstanceType<typeof OpenAI.APIError>
}

it('knows every provider that has a protocol of its own', () => {
  const own = [...wired.values()].filter(({ presetOf }) => presetOf === undefined).map(({ id }) => id)
  expect(new Set(protocols.map(({ provider }) => provider))).toEqual(new Set(own))
})

describe.each(protocols.map((protocol) => [protocol.name, protocol] as const))('%s', (_, protocol) => {
  const upstream = () => scene.upstreams[protocol.name] as NonNullable<Scene['upstreams'][string]>
  const play = (script: Script) => {
    upstream().script = besideTokens(protocol, script)
  }
  const asked = () => upstream().requests.filter(({ path }) => path !== '/token')
  const lastAsked = () => asked().at(-1) as SeenRequest
  const model = (use: Use) => `${protocol.name}/${use}`
  const create = (use: Use) => client.chat.completions.create({ model: model(use), messages })
  const stream = (use: Use, extra: object = {}) =>
    client.chat.completions
      .stream({ model: model(use), messages, stream_options: { include_usage: true }, ...extra })
      .finalChatCompletion()
  const expectAsked = (results: object[] = [], names: string[] = []) =>
    expect(protocol.read(lastAsked())).toEqual({
      model: protocol.modelName,
      system: 'Be brief.',
      user: 'Say hello.',
      tools: names,
      results,
    })

  beforeEach(() => {
    upstream().requests.length = 0
  })

  it.each([false, true])('answers (stream: %s)', async (streamed) => {
    play(say(protocol, spoken))
    const completion = streamed ? await stream('main') : await create('main')
    expect(comparable(completion)).toEqual(said)
    expect(asked().map(({ method, path }) => [method, path])).toEqual([['POST', protocol.path(streamed)]])
    protocol.authorize(lastAsked(), keyOf(protocol, 'main'))
    expectAsked()
    expect(JSON.stringify(lastAsked().headers)).not.toContain(scene.token)
  })

  it.each([false, true])('calls tools and takes their results (stream: %s)', async (streamed) => {
    play(say(protocol, working))
    const turn = (history: OpenAI.ChatCompletionMessageParam[]) =>
      streamed
        ? stream('main', { tools, messages: history })
        : client.chat.completions.create({ model: model('main'), messages: history, tools })
    if (streamed && protocol.streamsTools === false) {
      expect(await rejection(turn(messages))).toMatchObject({ status: 400, code: 'unsupported_parameter' })
      return
    }
    const first = await turn(messages)
    expect(comparable(first)).toEqual(called)
    expectAsked([], ['weather', 'clock'])

    const { message } = first.choices[0] as OpenAI.ChatCompletion.Choice
    const calls = message.tool_calls ?? []
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
    play(say(protocol, spoken))
    const results = ['It rains.', 'It is noon.']
    const history = calls.map(({ id }, at) => ({
      role: 'tool' as const,
      tool_call_id: id,
      content: results[at] ?? '',
    }))
    const second = await turn([...messages, message, ...history])
    expect(comparable(second)).toEqual(said)
    expectAsked(
      [
        { name: 'weather', text: 'It rains.' },
        { name: 'clock', text: 'It is noon.' },
      ],
      ['weather', 'clock'],
    )
  })

  it.runIf(protocol.exchange)('exchanges its secret once for many requests', async () => {
    play(say(protocol, spoken))
    await create('main')
    await create('main')
    expect(asked()).toHaveLength(2)
    expect(upstream().requests.length).toBeLessThanOrEqual(3)
    upstream().requests.length = 0
    await create('main')
    expect(upstream().requests).toEqual(asked())
  })

  it('tells of a rate limit, and how long it lasts', async () => {
    play(answer(protocol.refuse('limited')))
    const error = await rejection(create('limited'))
    expect(error).toBeInstanceOf(OpenAI.RateLimitError)
    expect(error.code).toBe('rate_limit_exceeded')
    const wait = Number(error.headers?.get('retry-after'))
    if (protocol.hint !== null) expect([protocol.hint - 1, protocol.hint]).toContain(wait)
    expect(wait).toBeGreaterThanOrEqual(1)
    expect(wait).toBeLessThanOrEqual(7)
  })

  it('hides that its credential was refused', async () => {
    play(answer(protocol.refuse('denied')))
    const error = await rejection(stream('denied'))
    expect(error).toBeInstanceOf(OpenAI.InternalServerError)
    expect([error.status, error.code]).toEqual([502, 'upstream_auth_failed'])
    expect(error.message).not.toContain(keyOf(protocol, 'denied'))
  })

  it.each([false, true])('tells of a prompt that is too long (stream: %s)', async (streamed) => {
    play(answer(protocol.refuse('overflow')))
    const error = await rejection(streamed ? stream('main') : create('main'))
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect([error.status, error.code]).toEqual([400, 'context_length_exceeded'])
  })

  it('gives an error that is the first thing in a stream its own status', async () => {
    play(playFrames(protocol, [protocol.failure.frame]))
    const error = await rejection(stream('first'))
    expect(error.status).toBe(protocol.failure.status)
  })

  describe('never takes a part for the whole', () => {
    const { opening, deltas, ending } = protocol.frames(spoken)
    const begun = [...opening, ...deltas.slice(0, 2)]
    const half = Buffer.from(ending[0] ?? '')
    it.each([
      ['a reset', begun, 'reset'],
      ['a clean end', begun, 'end'],
      ['a clean end before the ending', [...opening, ...deltas], 'end'],
      ['an ending that is cut', [...opening, ...deltas, half.subarray(0, half.length / 2)], 'end'],
      ['an error', [...begun, protocol.failure.frame], 'end'],
    ])('%s', async (_name, frames, end) => {
      play(say(protocol, spoken))
      expect(comparable(await stream('cut'))).toEqual(said)
      upstream().requests.length = 0
      play(playFrames(protocol, frames, (response) => (end === 'end' ? response.end() : response.destroy())))
      let text = ''
      const running = client.chat.completions.stream({ model: model('cut'), messages })
      running.on('content', (delta) => (text += delta))
      await rejection(running.finalChatCompletion())
      expect('Hello there, friend.'.startsWith(text) && text !== '').toBe(true)
      expect(asked()).toHaveLength(1)
    })
  })

  it.skipIf(protocol.embeddings === undefined).each([undefined, 'float' as const])(
    'embeds (encoding: %s)',
    async (format) => {
      const { embeddings } = protocol
      if (embeddings === undefined) return
      play((response, request) => send(response, embeddings.answer(request)))
      const answered = await client.embeddings.create({
        model: model('embed'),
        input: ['first', 'second'],
        ...(format && { encoding_format: format }),
      })
      expect(answered.data.map(({ index, embedding }) => [index, embedding])).toEqual([
        [0, vectors['first']],
        [1, vectors['second']],
      ])
      expect(answered.usage.prompt_tokens).toBe(embeddings.tokens)
      expect(new Set(asked().map(({ path }) => path))).toEqual(new Set([embeddings.path]))
      for (const request of asked()) protocol.authorize(request, keyOf(protocol, 'embed'))
    },
  )
})
