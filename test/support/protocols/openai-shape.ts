import type { SeenRequest } from '../upstream.ts'
import {
  asksFor7s,
  type Answer,
  callsOf,
  counted,
  type Embeddings,
  type Frames,
  list,
  pick,
  type Protocol,
  type ScriptedCall,
  streamsByBody,
  textOf,
  type Turn,
  vectorOf,
  wordsOf,
} from './protocol.ts'

/** What OpenAI-shaped upstreams differ in; everything else is OpenAI's. */
export type OpenAIShapeOptions = Omit<
  Protocol,
  'read' | 'whole' | 'frames' | 'streamType' | 'isStream' | 'failure' | 'waits'
> & {
  /** Frames before the role, and members beside each choice. */
  readonly prelude?: readonly unknown[]
  readonly choiceExtras?: Readonly<Record<string, unknown>>
  /** How arguments stand in a whole answer. */
  readonly wholeArguments?: (text: string) => string
  /** The first delta; OpenAI's own has the role. */
  readonly firstDelta?: unknown
  /** How a tool call without arguments is written; OpenAI itself writes `{}`. */
  readonly noArguments?: string
  /** The model where the body has none of its own. */
  readonly modelOf?: (request: SeenRequest) => string
}

export function openaiShape({
  prelude = [],
  choiceExtras = {},
  firstDelta = { role: 'assistant', content: null },
  noArguments = '{}',
  wholeArguments = (text) => (text === '{}' ? noArguments : text),
  modelOf = (request) => String(request.json()['model']),
  ...own
}: OpenAIShapeOptions): Protocol {
  const shared = { id: 'chatcmpl-1', created: 1_700_000_000, model: own.modelName }
  const usage = {
    prompt_tokens: counted.input,
    completion_tokens: counted.output,
    total_tokens: counted.input + counted.output,
  }
  const chunk = (delta: unknown, finish: string | null = null) =>
    event({
      ...shared,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: finish, logprobs: null, ...choiceExtras }],
    })
  return {
    ...own,
    waits: asksFor7s,
    streamType: 'text/event-stream',
    isStream: streamsByBody,
    read: (request) => ({ ...readChat(request.json()), model: modelOf(request) }),
    whole: (turn) => ({
      body: {
        ...shared,
        object: 'chat.completion',
        choices: [{ index: 0, ...wholeChoice(turn, wholeArguments), logprobs: null, ...choiceExtras }],
        usage,
      },
    }),
    frames: (turn): Frames => ({
      opening: [...prelude.map(event), chunk(firstDelta)],
      deltas: [
        ...wordsOf(turn).map((word) => chunk({ content: word })),
        ...callsOf(turn).flatMap((call, index) =>
          callDeltas(call, index, noArguments).map((delta) => chunk(delta)),
        ),
      ],
      ending: [
        chunk({}, 'calls' in turn ? 'tool_calls' : 'stop'),
        event({ ...shared, object: 'chat.completion.chunk', choices: [], usage }),
        'data: [DONE]\n\n',
      ],
    }),
    failure: {
      frame: event({
        error: { message: 'Rate limit reached.', type: 'rate_limit_error', code: 'rate_limit_exceeded' },
      }),
      status: 429,
    },
  }
}

/** The error object of OpenAI's own form. */
export function openaiError(message: string, code: string | null, type = 'invalid_request_error'): unknown {
  return { error: { message, type, param: null, code } }
}

/** Embeddings as OpenAI gives them: base64 to those who ask for it. */
export function openaiEmbeddings(modelName: string, path: string): Embeddings {
  return {
    modelName,
    path,
    tokens: 4,
    answer: (request): Answer => {
      const { input, encoding_format: format } = request.json()
      const texts = Array.isArray(input) ? list(input) : [input]
      const data = texts.map((text, index) => {
        const vector = vectorOf(text)
        const embedding = format === 'base64' ? base64(vector) : vector
        return { object: 'embedding', index, embedding }
      })
      return {
        body: { object: 'list', model: modelName, data, usage: { prompt_tokens: 4, total_tokens: 4 } },
      }
    },
  }
}

function base64(vector: readonly number[]): string {
  return Buffer.from(new Float32Array(vector).buffer).toString('base64')
}

function readChat(body: Record<string, unknown>) {
  const messages = list(body['messages'])
  const ofRole = (...roles: string[]) => messages.filter((one) => roles.includes(String(pick(one, 'role'))))
  const calls = messages.flatMap((one) => list(pick(one, 'tool_calls')))
  const nameOf = (id: unknown) =>
    pick(
      calls.find((call) => pick(call, 'id') === id),
      'function',
      'name',
    )
  return {
    system: textOf(pick(ofRole('system', 'developer')[0], 'content')),
    user: textOf(pick(ofRole('user')[0], 'content')),
    tools: list(body['tools']).map((tool) => String(pick(tool, 'function', 'name'))),
    results: ofRole('tool').map((one) => ({
      name: String(nameOf(pick(one, 'tool_call_id'))),
      text: textOf(pick(one, 'content')),
    })),
  }
}

function wholeChoice(turn: Turn, wholeArguments: (text: string) => string) {
  if ('words' in turn) {
    const content = turn.words.join('')
    return { message: { role: 'assistant', content, refusal: null }, finish_reason: 'stop' }
  }
  const calls = turn.calls.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function',
    function: { name, arguments: wholeArguments(text) },
  }))
  return {
    message: { role: 'assistant', content: null, refusal: null, tool_calls: calls },
    finish_reason: 'tool_calls',
  }
}

function callDeltas({ id, name, fragments }: ScriptedCall, index: number, noArguments: string): unknown[] {
  const written = fragments.length === 0 ? [noArguments] : fragments
  return [
    { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] },
    ...written.map((fragment) => ({ tool_calls: [{ index, function: { arguments: fragment } }] })),
  ]
}

function event(body: unknown): string {
  return `data: ${JSON.stringify(body)}\n\n`
}
