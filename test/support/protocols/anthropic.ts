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
  streamsByBody,
  textOf,
  type Turn,
  wordsOf,
} from './protocol.ts'

/** Anthropic's Messages, whoever serves them. */
export const messagesProtocol = {
  read: readMessages,
  whole: wholeMessage,
  frames: messageFrames,
  streamType: 'text/event-stream',
  isStream: streamsByBody,
  refuse: (kind: Refusal): Answer => refusals[kind],
  waits: asksFor7s,
  failure: {
    frame: event({ type: 'error', error: { type: 'rate_limit_error', message: 'Slow down.' } }),
    status: 429,
  },
}

export function anthropic(): Protocol {
  return {
    ...messagesProtocol,
    name: 'anthropic',
    provider: 'anthropic',
    modelName: 'claude-sonnet-4-5',
    credential: (origin, key) => ({
      creds_type: 'API_KEY',
      provider: 'anthropic',
      api_key: key,
      base_url: origin,
    }),
    path: () => '/v1/messages',
    authorize: (request, key) => {
      requireHeader(request, 'x-api-key', key)
      requireHeader(request, 'anthropic-version', '2023-06-01')
    },
  }
}

const error = (type: string, message: string) => ({ type: 'error', error: { type, message } })
const refusals: Readonly<Record<Refusal, Answer>> = {
  limited: { status: 429, headers: { 'retry-after': '7' }, body: error('rate_limit_error', 'Slow down.') },
  denied: { status: 401, body: error('authentication_error', 'invalid x-api-key') },
  overflow: {
    status: 400,
    body: error('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
  },
}

function readMessages(request: SeenRequest): Asked {
  const body = request.json()
  const messages = list(body['messages'])
  const blocks = messages.flatMap((message) => list(pick(message, 'content')))
  const ofType = (type: string) => blocks.filter((block) => pick(block, 'type') === type)
  const nameOf = (id: unknown) =>
    pick(
      ofType('tool_use').find((block) => pick(block, 'id') === id),
      'name',
    )
  return {
    model: String(body['model']),
    system: textOf(body['system']),
    user: textOf(pick(messages[0], 'content')),
    tools: list(body['tools']).map((tool) => String(pick(tool, 'name'))),
    results: ofType('tool_result').map((block) => ({
      name: String(nameOf(pick(block, 'tool_use_id'))),
      text: textOf(pick(block, 'content')),
    })),
  }
}

function wholeMessage(turn: Turn): Answer {
  const text = wordsOf(turn).join('')
  return {
    body: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5',
      content: [
        ...(text === '' ? [] : [{ type: 'text', text }]),
        ...callsOf(turn).map(({ id, name, arguments: input }) => ({
          type: 'tool_use',
          id,
          name,
          input: JSON.parse(input) as unknown,
        })),
      ],
      stop_reason: stopReason(turn),
      stop_sequence: null,
      usage: { input_tokens: counted.input, output_tokens: counted.output },
    },
  }
}

function messageFrames(turn: Turn): Frames {
  const usage = { input_tokens: counted.input, output_tokens: 1 }
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content: [],
    usage,
  }
  return {
    opening: [event({ type: 'message_start', message }), event({ type: 'ping' })],
    deltas: 'words' in turn ? textBlock(turn.words) : turn.calls.flatMap(toolBlock),
    ending: [
      event({
        type: 'message_delta',
        delta: { stop_reason: stopReason(turn), stop_sequence: null },
        usage: { output_tokens: counted.output },
      }),
      event({ type: 'message_stop' }),
    ],
  }
}

function textBlock(words: readonly string[]): Frame[] {
  return block(
    0,
    { type: 'text', text: '' },
    words.map((text) => ({ type: 'text_delta', text })),
  )
}

function toolBlock({ id, name, fragments }: ReturnType<typeof callsOf>[number], index: number): Frame[] {
  const deltas = fragments.map((fragment) => ({ type: 'input_json_delta', partial_json: fragment }))
  return block(index, { type: 'tool_use', id, name, input: {} }, deltas)
}

function block(index: number, start: unknown, deltas: readonly unknown[]): Frame[] {
  return [
    event({ type: 'content_block_start', index, content_block: start }),
    ...deltas.map((delta) => event({ type: 'content_block_delta', index, delta })),
    event({ type: 'content_block_stop', index }),
  ]
}

function stopReason(turn: Turn): string {
  return 'calls' in turn ? 'tool_use' : 'end_turn'
}

function event(data: { readonly type: string } & Readonly<Record<string, unknown>>): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}
