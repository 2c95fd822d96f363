import { encodeEvent, encodeException } from '../../../src/providers/testing/encode-event-stream.ts'
import type { SeenRequest } from '../upstream.ts'
import {
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
  requireHeader,
  type ScriptedCall,
  textOf,
  type Turn,
  vectorOf,
  wordsOf,
} from './protocol.ts'
import { verifySigV4 } from './sigv4.ts'

const region = 'eu-central-1'
const modelName = 'anthropic.claude-3-haiku-20240307-v1:0'
const titan = 'amazon.titan-embed-text-v2:0'
const model = (name: string) => `/model/${encodeURIComponent(name)}`

const shared = {
  provider: 'bedrock',
  modelName,
  path: (stream: boolean) => `${model(modelName)}/${stream ? 'converse-stream' : 'converse'}`,
  read: readConverse,
  whole: wholeConverse,
  frames: converseFrames,
  isStream: (request: SeenRequest) => request.path.endsWith('-stream'),
  streamType: 'application/vnd.amazon.eventstream',
  refuse: (kind: Refusal): Answer => refusals[kind],
  // Bedrock does not say; the gateway waits for 5 s, give or take a tenth.
  waits: [5, 6] as const,
  failure: { frame: encodeException('throttlingException', { message: 'Slow down.' }), status: 429 },
  embeddings: {
    modelName: titan,
    path: `${model(titan)}/invoke`,
    tokens: 4,
    answer: (request: SeenRequest): Answer => ({
      body: { embedding: vectorOf(request.json()['inputText']), inputTextTokenCount: 2 },
    }),
  },
}

/** Temporary keys, which sign. */
export function bedrock(): Protocol {
  return {
    ...shared,
    name: 'bedrock',
    credential: (origin, key) => ({
      creds_type: 'AWS',
      aws_region: region,
      aws_access_key_id: 'ASIAEXAMPLE',
      aws_secret_access_key: key,
      aws_session_token: `session-of-${key}`,
      base_url: origin,
    }),
    authorize: (request, key) => {
      requireHeader(request, 'x-amz-security-token', `session-of-${key}`)
      const accessKeyId = 'ASIAEXAMPLE'
      verifySigV4(request, { accessKeyId, secretAccessKey: key, region, service: 'bedrock' })
    },
  }
}

/** A Bedrock API key. */
export function bedrockByKey(): Protocol {
  return {
    ...shared,
    name: 'bedrock-bearer',
    credential: (origin, key) => ({
      creds_type: 'AWS',
      aws_region: region,
      aws_bearer_token: key,
      base_url: origin,
    }),
    authorize: bearer,
  }
}

const failed = (status: number, name: string, message: string): Answer => ({
  status,
  headers: { 'x-amzn-errortype': `${name}:http://internal.amazon.com/coral/com.amazon.bedrock/` },
  body: { message },
})
const refusals: Readonly<Record<Refusal, Answer>> = {
  limited: failed(429, 'ThrottlingException', 'Too many requests, please wait before trying again.'),
  denied: failed(
    403,
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  ),
  overflow: failed(400, 'ValidationException', 'Input is too long for requested model.'),
}

function readConverse(request: SeenRequest): Asked {
  const body = request.json()
  const messages = list(body['messages'])
  const blocks = messages.flatMap((message) => list(pick(message, 'content')))
  const uses = blocks.map((block) => pick(block, 'toolUse'))
  const nameOf = (id: unknown) =>
    pick(
      uses.find((use) => pick(use, 'toolUseId') === id),
      'name',
    )
  const results = blocks.map((block) => pick(block, 'toolResult')).filter((result) => result !== undefined)
  return {
    model: decodeURIComponent(request.path.split('/')[2] ?? ''),
    system: textOf(body['system']),
    user: textOf(pick(messages[0], 'content')),
    tools: list(pick(body, 'toolConfig', 'tools')).map((tool) => String(pick(tool, 'toolSpec', 'name'))),
    results: results.map((result) => ({
      name: String(nameOf(pick(result, 'toolUseId'))),
      text: textOf(pick(result, 'content')),
    })),
  }
}

const usage = {
  inputTokens: counted.input,
  outputTokens: counted.output,
  totalTokens: counted.input + counted.output,
}

function wholeConverse(turn: Turn): Answer {
  const text = wordsOf(turn).join('')
  const uses = callsOf(turn).map(({ id, name, arguments: input }) => ({
    toolUse: { toolUseId: id, name, input: JSON.parse(input) as unknown },
  }))
  const content = [...(text === '' ? [] : [{ text }]), ...uses]
  return {
    headers: { 'x-amzn-requestid': 'request-1' },
    body: {
      output: { message: { role: 'assistant', content } },
      stopReason: stopReason(turn),
      usage,
      metrics: { latencyMs: 5 },
    },
  }
}

function converseFrames(turn: Turn): Frames {
  const text = wordsOf(turn).map((word) => delta(0, { text: word }))
  return {
    opening: [encodeEvent('messageStart', { role: 'assistant', p: 'abcd' })],
    deltas: 'words' in turn ? [...text, stop(0)] : turn.calls.flatMap(toolFrames),
    ending: [
      encodeEvent('messageStop', { stopReason: stopReason(turn) }),
      encodeEvent('metadata', { usage, metrics: { latencyMs: 5 } }),
    ],
  }
}

function toolFrames({ id, name, fragments }: ScriptedCall, index: number): Frame[] {
  return [
    encodeEvent('contentBlockStart', {
      contentBlockIndex: index,
      start: { toolUse: { toolUseId: id, name } },
    }),
    ...fragments.map((input) => delta(index, { toolUse: { input } })),
    stop(index),
  ]
}

function delta(index: number, value: unknown): Frame {
  return encodeEvent('contentBlockDelta', { contentBlockIndex: index, delta: value })
}

function stop(index: number): Frame {
  return encodeEvent('contentBlockStop', { contentBlockIndex: index })
}

function stopReason(turn: Turn): string {
  return 'calls' in turn ? 'tool_use' : 'end_turn'
}
