import { GatewayError } from '../../core/errors.ts'
import type { Call, ReadResponse, UpstreamResponse } from '../../core/provider.ts'
import { asObject, parseObject, type JsonObject } from '../shared/json.ts'
import { toolCallId } from '../shared/tool-ids.ts'
import { isErrorBody } from './error-shape.ts'
import { readFinish } from './finish-reason.ts'
import { withPlainContent } from './plain-content.ts'
import { readEmbeddings } from './read-embeddings.ts'
import { readStreamError } from './read-error.ts'
import { usageOf } from './read-usage.ts'
import { withIdentity, withWholeArguments } from './tool-deltas.ts'

/**
 * A whole answer. Its bytes pass through (`body: null`) unless something in it must be told otherwise. White space
 * before it is allowed: DeepSeek sends blank lines while a request waits. Throws GatewayError for an error in a 200,
 * and (reason provider_down) for what is no answer.
 */
export function readResponse(response: UpstreamResponse, call: Call): ReadResponse {
  const body = parseObject(response.body)
  if (body === null) throw unexpected('something that is not JSON')
  if (isErrorBody(body)) throw readStreamError(body, response)
  if (call.operation === 'embeddings') return readEmbeddings(body, call)
  return readGeneration(body, call)
}

function readGeneration(body: JsonObject, call: Call): ReadResponse {
  const { choices } = body
  if (!Array.isArray(choices) || choices.length === 0) throw unexpected('no choices')
  let made = 0
  const makeId = () => toolCallId(call.id, made++)
  const shown = choices.map((choice: unknown) => shownChoice(choice, call, makeId))
  const changed = shown.some((choice, index) => choice !== choices[index])
  // A stream that the upstream could not give is made from the answer, not from its bytes.
  return { body: changed || call.stream ? { ...body, choices: shown } : null, usage: usageOf(body) }
}

/**
 * The same choice, or a copy: with OpenAI's word for how it ended, with `{}` for the arguments of a tool call that has
 * none, and an id where it has none, with content in parts as one text, and with the message that Azure leaves out where it filtered the whole answer.
 */
function shownChoice(value: unknown, { operation }: Call, makeId: () => string): unknown {
  const choice = asObject(value)
  if (choice === null) throw unexpected('a choice that is no object')
  const finish = readFinish(choice['finish_reason'])
  if (finish.kind === 'failed') {
    throw unexpected(`an end that is a failure, "${finish.reason}"`)
  }
  const isRenamed = finish.kind === 'finished' && finish.reason !== choice['finish_reason']
  const renamed = isRenamed ? { ...choice, finish_reason: finish.reason } : value
  if (operation !== 'chat') return renamed
  const message = asObject(choice['message'])
  const shown =
    message === null ? { role: 'assistant', content: null, refusal: null } : withWholeCalls(message, makeId)
  return shown === message ? renamed : { ...(renamed as JsonObject), message: shown }
}

function withWholeCalls(sent: JsonObject, makeId: () => string): JsonObject {
  const message = Array.isArray(sent['content']) ? withPlainContent(sent) : sent
  const { tool_calls: calls } = message
  if (!Array.isArray(calls)) return message
  const whole = calls.map((call: unknown) => {
    const entry = asObject(withWholeArguments(call))
    return entry === null || asObject(entry['function']) === null ? call : withIdentity(entry, makeId)
  })
  return whole.some((call, index) => call !== calls[index]) ? { ...message, tool_calls: whole } : message
}

export function unexpected(what: string): GatewayError {
  return new GatewayError('upstream_error', `The provider answered with ${what}.`, {
    reason: 'provider_down',
  })
}
