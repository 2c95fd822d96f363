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
import { counted, type Frame, type Protocol, type Turn, vectors } from './support/protocols/protocol.ts'
import { createScene, type Scene } from './support/scene.ts'
import type { Script, SeenRequest } from './support/upstream.ts'
import { until } from './support/wait.ts'

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
]

/** Models apart for what marks a connection, each with a key of its own. */
const uses = ['main', 'limited', 'denied', 'first', 'cut', 'half'] as const
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
      content: message.content,
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

function streamsTools(protocol: Protocol): boolean {
  return protocol.streamsTools !== false
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
  const own = [...createProviders().values()]
    .filter(({ presetOf }) => presetOf === undefined)
    .map(({ id }) => id)
  expect(new Set(protocols.map(({ provider }) => provider))).toEqual(new Set(own))
})

/** One provider's upstream and models, as the tests drive them. */
function drive(protocol: Protocol) {
  const upstream = () => scene.upstreams[protocol.name] as NonNullable<Scene['upstreams'][string]>
  const asked = () => upstream().requests.filter(({ path }) => path !== '/token')
  const lastAsked = () => asked().at(-1) as SeenRequest
  const model = (use: Use) => `${protocol.name}/${use}`
  return {
    upstream,
    asked,
    lastAsked,
    model,
    play: (script: Script) => {
      upstream().script = besideTokens(protocol, script)
    },
    create: (use: Use, extra: object = {}) =>
      client.chat.completions.create({ model: model(use), messages, ...extra }),
    stream: (use: Use, extra: object = {}) =>
      client.chat.completions
        .stream({ model: model(use), messages, stream_options: { include_usage: true }, ...extra })
        .finalChatCompletion(),
    expectAsked: (results: object[] = [], names: string[] = []) =>
      expect(protocol.read(lastAsked())).toEqual({
        model: protocol.modelName,
        system: 'Be brief.',
        user: 'Say hello.',
        tools: names,
        results,
      }),
  }
}

const table = (which: (protocol: Protocol) => boolean = () => true) =>
  protocols.filter(which).map((protocol) => [protocol.name, protocol] as const)

beforeEach(() => {
  for (const { requests } of Object.values(scene.upstreams)) requests.length = 0
})

describe.each(table())('%s', (_, protocol) => {
  const { upstream, asked, lastAsked, model, play, create, stream, expectAsked } = drive(protocol)

  it.each([false, true])('answers (stream: %s)', async (streamed) => {
    play(say(protocol, spoken))
    const completion = streamed ? await stream('main') : await create('main')
    expect(comparable(completion)).toEqual(said)
    expect(asked().map(({ method, path }) => [method, path])).toEqual([['POST', protocol.path(streamed)]])
    protocol.authorize(lastAsked(), keyOf(protocol, 'main'))
    expectAsked()
    expect(JSON.stringify(lastAsked().headers)).not.toContain(scene.token)
  })

  it.each(streamsTools(protocol) ? [false, true] : [false])(
    'calls tools and takes their results (stream: %s)',
    async (streamed) => {
      play(say(protocol, working))
      const turn = (history: OpenAI.ChatCompletionMessageParam[]) =>
        streamed ? stream('main', { tools, messages: history }) : create('main', { tools, messages: history })
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
    },
  )

  it('tells of a rate limit, and how long it lasts', async () => {
    play(answer(protocol.refuse('limited')))
    const error = await rejection(create('limited'))
    expect(error).toBeInstanceOf(OpenAI.RateLimitError)
    expect(error.code).toBe('rate_limit_exceeded')
    const wait = Number(error.headers?.get('retry-after'))
    const [least, most] = protocol.waits
    expect(wait).toBeGreaterThanOrEqual(least)
    expect(wait).toBeLessThanOrEqual(most)
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

  it.each(['end', 'destroy'] as const)('never takes half an answer for one (%s)', async (end) => {
    play(say(protocol, spoken))
    await create('half')
    const text = JSON.stringify(protocol.whole(spoken).body)
    play((response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write(text.slice(0, text.length / 2), () => response[end]())
    })
    const error = await rejection(create('half'))
    expect([error.status, error.code]).toEqual([502, 'upstream_error'])
  })

  const { opening, deltas, ending } = protocol.frames(spoken)
  const begun = [...opening, ...deltas.slice(0, 2)]
  const half = Buffer.from(ending[0] ?? '')
  const cuts: [string, Frame[], 'end' | 'destroy'][] = [
    ['a reset', begun, 'destroy'],
    ['a clean end', begun, 'end'],
    ['a clean end before the ending', [...opening, ...deltas], 'end'],
    ['an ending that is cut', [...opening, ...deltas, half.subarray(0, half.length / 2)], 'end'],
    ['an error', [...begun, protocol.failure.frame], 'end'],
  ]
  it.each(ending.length === 0 ? [] : cuts)(
    'never takes a part for the whole: %s',
    async (_name, frames, end) => {
      play(say(protocol, spoken))
      expect(comparable(await stream('cut'))).toEqual(said)
      upstream().requests.length = 0
      let text = ''
      // A reset could otherwise overtake what went before it.
      const read = () => until('the client has read text', () => text !== '')
      play(playFrames(protocol, frames, (response) => read().then(() => response[end]())))
      const running = client.chat.completions.stream({ model: model('cut'), messages })
      running.on('content', (delta) => (text += delta))
      await rejection(running.finalChatCompletion())
      expect(text).toMatch(/^Hello /)
      expect('Hello there, friend.'.startsWith(text)).toBe(true)
      expect(asked()).toHaveLength(1)
    },
  )
})

it.each(table((protocol) => !streamsTools(protocol)))(
  '%s refuses tools in a stream, which cannot hold their calls',
  async (_, protocol) => {
    const { stream, asked } = drive(protocol)
    const error = await rejection(stream('main', { tools }))
    expect(error).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'tools' })
    expect(asked()).toEqual([])
  },
)

it.each(table((protocol) => protocol.exchange !== undefined))(
  '%s: a secret is exchanged once for many requests',
  async (_, protocol) => {
    const { play, create, upstream, asked } = drive(protocol)
    play(say(protocol, spoken))
    await create('main')
    upstream().requests.length = 0
    await create('main')
    await create('main')
    expect(asked()).toHaveLength(2)
    expect(upstream().requests).toEqual(asked())
  },
)

const embedding = protocols.flatMap((protocol) => {
  const { name, embeddings } = protocol
  return embeddings === undefined ? [] : [[name, protocol, embeddings] as const]
})
describe.each(embedding)('%s embeds', (_, protocol, embeddings) => {
  it.each([undefined, 'float' as const])('encoding: %s', async (format) => {
    const { play, model, asked } = drive(protocol)
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
  })
})
