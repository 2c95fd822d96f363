import type { SeenRequest } from '../upstream.ts'
import {
  asksFor7s,
  type Answer,
  type Asked,
  bearer,
  callsOf,
  counted,
  type Frame,
  type Frames,
  list,
  pick,
  type Protocol,
  type Refusal,
  type ScriptedCall,
  streamsByBody,
  textOf,
  type Turn,
  vectorOf,
  wordsOf,
} from './protocol.ts'

export function cohere(): Protocol {
  return {
    name: 'cohere',
    provider: 'cohere',
    modelName: 'command-a-03-2025',
    credential: (origin, key) => ({
      creds_type: 'API_KEY',
      provider: 'cohere',
      api_key: key,
      base_url: origin,
    }),
    path: () => '/v2/chat',
    authorize: bearer,
    read: readChat,
    whole: wholeAnswer,
    frames: chatFrames,
    streamType: 'text/event-stream',
    isStream: streamsByBody,
    refuse: (kind) => refusals[kind],
    waits: asksFor7s,
    failure: {
      frame: event({ type: 'message-end', delta: { finish_reason: 'ERROR', error: 'The model failed.' } }),
      status: 502,
    },
    embeddings: {
      modelName: 'embed-v4.0',
      path: '/v2/embed',
      tokens: 4,
      answer: (request) => ({
        body: {
          id: 'embedding-1',
          embeddings: { float: list(request.json()['texts']).map(vectorOf) },
          meta: { billed_units: { input_tokens: 4 } },
        },
      }),
    },
  }
}

const refusals: Readonly<Record<Refusal, Answer>> = {
  limited: { status: 429, headers: { 'retry-after': '7' }, body: { message: 'Too many calls a minute.' } },
  denied: { status: 401, body: { message: 'invalid api token' } },
  overflow: { status: 400, body: { message: 'too many tokens: size limit exceeded by 11326 tokens.' } },
}

function readChat(request: SeenRequest): Asked {
  const body = request.json()
  const messages = list(body['messages'])
  const ofRole = (role: string) => messages.filter((message) => pick(message, 'role') === role)
  const calls = messages.flatMap((message) => list(pick(message, 'tool_calls')))
  const nameOf = (id: unknown) =>
    pick(
      calls.find((call) => pick(call, 'id') === id),
      'function',
      'name',
    )
  return {
    model: String(body['model']),
    system: textOf(pick(ofRole('system')[0], 'content')),
    user: textOf(pick(ofRole('user')[0], 'content')),
    tools: list(body['tools']).map((tool) => String(pick(tool, 'function', 'name'))),
    results: ofRole('tool').map((message) => ({
      name: String(nameOf(pick(message, 'tool_call_id'))),
      text: resultText(pick(message, 'content')),
    })),
  }
}

/** A text, text blocks, or documents. */
function resultText(content: unknown): string {
  const documents = list(content).flatMap((block) => pick(block, 'document', 'data') ?? [])
  if (documents.length === 0) return textOf(content)
  return documents.map((data) => (typeof data === 'string' ? data : JSON.stringify(data))).join('')
}

const usage = {
  billed_units: { input_tokens: 5, output_tokens: counted.output },
  tokens: { input_tokens: counted.input, output_tokens: counted.output },
}

function wholeAnswer(turn: Turn): Answer {
  const text = wordsOf(turn).join('')
  return {
    body: {
      id: 'answer-1',
      finish_reason: finishReason(turn),
      message: {
        role: 'assistant',
        ...('words' in turn
          ? { content: [{ type: 'text', text }] }
          : { tool_calls: turn.calls.map((call) => toolCall(call, argumentsOf(call))) }),
      },
      usage,
    },
  }
}

function chatFrames(turn: Turn): Frames {
  const content = (value: unknown) => ({ message: { content: value } })
  return {
    opening: [event({ type: 'message-start', id: 'answer-1', delta: { message: { role: 'assistant' } } })],
    deltas: [
      ...wordsOf(turn).map((text, at) =>
        at === 0
          ? event({ type: 'content-start', index: 0, delta: content({ type: 'text', text }) })
          : event({ type: 'content-delta', index: 0, delta: content({ text }) }),
      ),
      ...callsOf(turn).flatMap(toolFrames),
    ],
    ending: [event({ type: 'message-end', delta: { finish_reason: finishReason(turn), usage } })],
  }
}

function toolFrames(call: ScriptedCall, index: number): Frame[] {
  const fragments = call.fragments.length === 0 ? [argumentsOf(call)] : call.fragments
  return [
    event({ type: 'tool-call-start', index, delta: { message: { tool_calls: toolCall(call, '') } } }),
    ...fragments.map((fragment) =>
      event({
        type: 'tool-call-delta',
        index,
        delta: { message: { tool_calls: { function: { arguments: fragment } } } },
      }),
    ),
    event({ type: 'tool-call-end', index }),
  ]
}

function toolCall({ id, name }: ScriptedCall, text: string) {
  return { id, type: 'function', function: { name, arguments: text } }
}

/** Cohere writes `null` for a tool without arguments. */
function argumentsOf(call: ScriptedCall): string {
  return call.fragments.length === 0 ? 'null' : call.arguments
}

function finishReason(turn: Turn): string {
  return 'calls' in turn ? 'TOOL_CALL' : 'COMPLETE'
}

function event(data: { readonly type: string } & Readonly<Record<string, unknown>>): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}
