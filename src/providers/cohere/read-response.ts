import type { ChatCall, ReadResponse, UpstreamResponse } from '../../core/provider.ts'
import { asObject, asText, type JsonObject, parseObject, stringIn } from '../shared/json.ts'
import { type AnsweredCall, completion } from '../shared/response.ts'
import { toolCallId } from '../shared/tool-ids.ts'
import { malformed } from '../shared/upstream-error.ts'
import { finishReason, readLogprobs, readUsage } from './answer.ts'

/** A v2 chat answer as OpenAI's (providers' facts §10.3). Throws GatewayError for what is none. */
export function readResponse({ body }: UpstreamResponse, call: ChatCall): ReadResponse {
  const answer = parseObject(body)
  if (answer === null) throw malformed('The provider answered with something other than JSON.')
  const message = asObject(answer['message'])
  if (message === null || asText(answer['finish_reason']) === null) {
    throw malformed('The provider answered without a message.')
  }
  const toolCalls = readToolCalls(message['tool_calls'], call)
  const usage = readUsage(answer['usage'])
  const read = completion({
    call,
    model: call.connection.modelName,
    content: joined(message['content'], 'text'),
    reasoning: joined(message['content'], 'thinking'),
    toolPlan: stringIn(message['tool_plan']),
    toolCalls,
    finishReason: finishReason(answer, toolCalls.length > 0),
    logprobs: call.body.logprobs === true ? readLogprobs(answer['logprobs']) : undefined,
    usage,
  })
  return { body: read, usage }
}

function joined(content: unknown, type: 'text' | 'thinking'): string {
  return objectsIn(content)
    .filter((part) => part['type'] === type)
    .map((part) => stringIn(part[type]))
    .join('')
}

/** Arguments that are the text `null` are none. */
function readToolCalls(value: unknown, call: ChatCall): AnsweredCall[] {
  return objectsIn(value).map((item, index) => {
    const named = asObject(item['function'])
    const given = stringIn(named?.['arguments'])
    const isNone = given.trim() === '' || given.trim() === 'null'
    return {
      id: asText(item['id']) ?? toolCallId(call.id, index),
      name: stringIn(named?.['name']),
      arguments: isNone ? '{}' : given,
    }
  })
}

function objectsIn(value: unknown): JsonObject[] {
  return (Array.isArray(value) ? (value as unknown[]) : []).map(asObject).filter((item) => item !== null)
}
