import type { SeenRequest } from '../upstream.ts'
import {
  asksFor7s,
  type Answer,
  type Asked,
  callsOf,
  counted,
  type Frame,
  type Frames,
  list,
  pick,
  type Protocol,
  type Refusal,
  requireHeader,
  type Turn,
  vectorOf,
  wordsOf,
} from './protocol.ts'

/** An API of nobody's, told to the gateway by a template. */
const template = (origin: string) => ({
  url: `${origin}/generate`,
  headers: { 'x-access': 'Token {{access}}' },
  request: `{
    "engine": model,
    "live": stream,
    "turns": [messages.{ "who": role, "says": content, "answers": tool_call_id, "wants": [tool_calls.{ "id": id, "name": function.name }] }],
    "abilities": [tools.function.name]
  }`,
  response: {
    text: 'reply.says',
    tool_calls: '[reply.wants.{ "id": id, "name": name, "arguments": input }]',
    finish_reason: 'why = "done" ? "stop" : "tool_calls"',
    usage: { input: 'cost.read', output: 'cost.written' },
    error: 'oops',
  },
})
const streamed = {
  delta: 'piece',
  done: 'over',
  usage: { input: 'cost.read', output: 'cost.written' },
  error: 'oops',
}

const shared = {
  provider: 'custom',
  modelName: 'engine-9',
  credential: (_origin: string, key: string) => ({ creds_type: 'CUSTOM', secrets: { access: key } }),
  path: () => '/generate',
  authorize: (request: SeenRequest, key: string) => requireHeader(request, 'x-access', `Token ${key}`),
  read: readTurns,
  whole: wholeReply,
  refuse: (kind: Refusal): Answer => refusals[kind],
  waits: asksFor7s,
  isStream: (request: SeenRequest) => request.json()['live'] === true,
  embeddings: {
    modelName: 'vectors-1',
    path: '/vectors',
    tokens: 4,
    connection: (origin: string) => ({
      custom: {
        url: `${origin}/vectors`,
        headers: { 'x-access': 'Token {{access}}' },
        request: '{ "engine": model, "texts": input }',
        response: { embeddings: 'vectors', usage: { input: 'cost.read', output: '0' } },
      },
    }),
    answer: (request: SeenRequest): Answer => ({
      body: { vectors: list(request.json()['texts']).map(vectorOf), cost: { read: 4 } },
    }),
  },
}

export function customSse(): Protocol {
  const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`
  return {
    ...shared,
    name: 'custom-sse',
    connection: (origin) => ({ custom: { ...template(origin), stream: { ...streamed, format: 'sse' } } }),
    frames: (turn) => framesOf(turn, event),
    streamType: 'text/event-stream',
    failure: { frame: event({ oops: 'The engine failed.' }), status: 502 },
    streamsTools: false,
  }
}

export function customNdjson(): Protocol {
  const line = (data: unknown) => `${JSON.stringify(data)}\n`
  return {
    ...shared,
    name: 'custom-ndjson',
    connection: (origin) => ({ custom: { ...template(origin), stream: { ...streamed, format: 'ndjson' } } }),
    frames: (turn) => framesOf(turn, line),
    streamType: 'application/x-ndjson',
    failure: { frame: line({ oops: 'The engine failed.' }), status: 502 },
    streamsTools: false,
  }
}

/** One that cannot stream: the gateway makes a stream of its whole answers. */
export function customWhole(): Protocol {
  return {
    ...shared,
    name: 'custom-whole',
    connection: (origin) => ({ custom: template(origin) }),
    frames: (turn) => ({ opening: [], deltas: [JSON.stringify(wholeReply(turn).body)], ending: [] }),
    streamType: 'application/json',
    failure: { frame: JSON.stringify({ oops: 'The engine failed.' }), status: 502 },
  }
}

const refusals: Readonly<Record<Refusal, Answer>> = {
  limited: { status: 429, headers: { 'retry-after': '7' }, body: { message: 'Too fast.' } },
  denied: { status: 401, body: { error: 'Who are you?' } },
  overflow: { status: 400, body: { error: { message: 'The prompt is too long.' } } },
}

function readTurns(request: SeenRequest): Asked {
  const body = request.json()
  const turns = list(body['turns'])
  const by = (who: string) => turns.filter((turn) => pick(turn, 'who') === who)
  const wants = turns.flatMap((turn) => list(pick(turn, 'wants')))
  const nameOf = (id: unknown) =>
    pick(
      wants.find((want) => pick(want, 'id') === id),
      'name',
    )
  return {
    model: String(body['engine']),
    system: String(pick(by('system')[0], 'says')),
    user: String(pick(by('user')[0], 'says')),
    tools: list(body['abilities']).map(String),
    results: by('tool').map((turn) => ({
      name: String(nameOf(pick(turn, 'answers'))),
      text: String(pick(turn, 'says')),
    })),
  }
}

const cost = { read: counted.input, written: counted.output }

function wholeReply(turn: Turn): Answer {
  const wants = callsOf(turn).map(({ id, name, arguments: text }) => ({
    id,
    name,
    input: JSON.parse(text) as unknown,
  }))
  const reply = 'words' in turn ? { says: turn.words.join('') } : { wants }
  return { body: { reply, why: 'words' in turn ? 'done' : 'wants', cost } }
}

function framesOf(turn: Turn, frame: (data: unknown) => Frame): Frames {
  return {
    opening: [frame({ hello: true })],
    deltas: wordsOf(turn).map((piece) => frame({ piece })),
    ending: [frame({ over: true, cost })],
  }
}
