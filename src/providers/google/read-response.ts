import type { ChatCompletion } from '../../core/openai.ts'
import type { ChatCall, ReadResponse, UpstreamResponse } from '../../core/provider.ts'
import { asCount, asObject, asText, type JsonObject, parseJson } from '../shared/json.ts'
import { completion } from '../shared/response.ts'
import { toolCallId } from '../shared/tool-ids.ts'
import { malformed } from '../shared/upstream-error.ts'
import { mapFinishReason } from './finish-reason.ts'
import { mapLogprobs } from './logprobs.ts'
import { mapUsage } from './map-usage.ts'
import { readErrorObject, unwrap } from './read-error.ts'
import { readParts } from './read-parts.ts'

/** A GenerateContentResponse as OpenAI's answer (providers' facts §8.4). Throws GatewayError for what is none. */
export function readResponse(response: UpstreamResponse, call: ChatCall): ReadResponse {
  const answer = unwrap(parseJson(Buffer.from(response.body).toString('utf8')))
  if (answer === null) throw malformed('The provider answered with something other than a JSON object.')
  if (asObject(answer['error']) !== null) throw readErrorObject(answer, response.headers)
  const usage = mapUsage(answer['usageMetadata'])
  const model = asText(answer['modelVersion']) ?? call.connection.modelName
  const candidates = listOf(answer['candidates'])
  if (candidates.length === 0) {
    if (!isBlocked(answer)) throw malformed('The provider answered without a candidate.')
    return { body: completion({ call, model, content: '', finishReason: 'content_filter', usage }), usage }
  }
  let calls = 0
  const answers = candidates.map((candidate, position) => {
    const made = readCandidate(candidate, { call, model, usage, firstCall: calls })
    const [choice] = made.choices as [ChatCompletion['choices'][number]]
    calls += choice.message.tool_calls?.length ?? 0
    return { ...made, choices: [{ ...choice, index: asCount(candidate['index']) ?? position }] }
  })
  const [first] = answers as [ChatCompletion]
  return { body: { ...first, choices: answers.flatMap(({ choices }) => choices) }, usage }
}

interface CandidateOptions {
  readonly call: ChatCall
  readonly model: string
  readonly usage: ReadResponse['usage']
  /** Calls of the candidates before it: no two of an answer share an id. */
  readonly firstCall: number
}

function readCandidate(
  candidate: JsonObject,
  { call, model, usage, firstCall }: CandidateOptions,
): ChatCompletion {
  const parts = readParts(candidate['content'])
  const textOf = (kind: 'text' | 'reasoning') =>
    parts.map((part) => (part.kind === kind ? part.text : '')).join('')
  const toolCalls = parts
    .flatMap((part) => (part.kind === 'call' ? [part.call] : []))
    .map((one, index) => ({ ...one, id: one.id ?? toolCallId(call.id, firstCall + index) }))
  // Unspecified is the enum's first value, which JSON may leave out.
  const reason = asText(candidate['finishReason']) ?? (parts.length > 0 ? 'FINISH_REASON_UNSPECIFIED' : null)
  if (reason === null) throw malformed('The provider answered with an empty candidate.')
  const finishReason = mapFinishReason(reason, toolCalls.length > 0)
  return completion({
    call,
    model,
    content: textOf('text'),
    reasoning: textOf('reasoning'),
    toolCalls,
    finishReason,
    logprobs: mapLogprobs(candidate['logprobsResult']),
    usage,
  })
}

/** The prompt itself was refused by a filter: there is no answer, and no failure. */
export function isBlocked(answer: JsonObject): boolean {
  return asText(asObject(answer['promptFeedback'])?.['blockReason']) !== null
}

export function listOf(value: unknown): JsonObject[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  return list.map(asObject).filter((item) => item !== null)
}
