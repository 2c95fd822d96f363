import type { ChatRequest } from '../../core/openai.ts'
import type {
  BuiltRequests,
  Call,
  ChatCall,
  ReadResponse,
  Translator,
  UpstreamResponse,
} from '../../core/provider.ts'
import { refuse, unsupported } from '../shared/refusals.ts'
import { completion } from '../shared/response.ts'
import { malformed } from '../shared/upstream-error.ts'
import { buildRequest } from './build-request.ts'
import type { ExpressionPool } from './expression-pool.ts'
import { readAnswer } from './read-answer.ts'
import { finishIn, textIn, toolCallsIn, usageIn } from './read-values.ts'
import { openStreamTranslator } from './stream.ts'
import { type CustomTemplate, templateOf } from './template.ts'

/** Chat by a template: what its `request` leaves out of a client's parameters is its author's choice. */
export function createChat(pool: ExpressionPool): Translator {
  return {
    buildRequests: (call) => build(pool, asChat(call)),
    readResponse: ([response], call) => read(pool, response, asChat(call)),
    streaming: (connection) => {
      const { stream } = templateOf(connection)
      if (stream === undefined) return { kind: 'none' }
      return {
        kind: 'translate',
        framing: stream.format,
        open: (call) => openStreamTranslator(pool, asChat(call)),
      }
    },
  }
}

async function build(pool: ExpressionPool, call: ChatCall): Promise<BuiltRequests> {
  const template = templateOf(call.connection)
  const streams = call.stream && template.stream !== undefined
  refuse(call.body, 'This model', ['n', 'logprobs', 'top_logprobs', 'modalities', 'audio'])
  refuseTools(call.body, template, streams)
  const input = { ...call.body, model: call.connection.modelName, stream: streams }
  return { requests: [await buildRequest(pool, call, input)], dropped: [] }
}

/** Tools change the answer, and calls of them can only be read where the template says how. */
function refuseTools(body: ChatRequest, { response }: CustomTemplate, streams: boolean): void {
  const param = ['tools', 'functions'].find((name) => Array.isArray(body[name]) && body[name].length > 0)
  if (param === undefined) return
  if (response.tool_calls === undefined) {
    throw unsupported(param, 'The template of this model reads no tool calls.')
  }
  if (streams) throw unsupported(param, 'The template of this model reads no tool calls in streams.')
}

async function read(
  pool: ExpressionPool,
  response: UpstreamResponse | undefined,
  call: ChatCall,
): Promise<ReadResponse> {
  const values = await readAnswer(pool, response, call)
  const content = textIn(values['response.text'], 'response.text')
  const toolCalls = toolCallsIn(values['response.tool_calls'], call.id)
  if (content === null && toolCalls.length === 0) {
    throw malformed("The template of this model found neither text nor tool calls in the provider's answer.")
  }
  const usage = usageIn(values, 'response')
  const finishReason = finishIn(values['response.finish_reason'], toolCalls.length > 0)
  const { modelName: model } = call.connection
  return {
    body: completion({ call, model, content: content ?? '', toolCalls, finishReason, usage }),
    usage,
  }
}

function asChat(call: Call): ChatCall {
  if (call.operation !== 'chat') throw new Error(`the chat translator was given ${call.operation}`)
  return call
}
