import type { ChatChunk } from '../../core/openai.ts'
import type { ChatCall, StreamEnd, StreamTranslator } from '../../core/provider.ts'
import type { Usage } from '../../core/usage.ts'
import { type Chunks, createChunks } from '../shared/chunks.ts'
import { asCount, asObject, asText, type JsonObject, parseJson } from '../shared/json.ts'
import { toolCallId } from '../shared/tool-ids.ts'
import { malformed } from '../shared/upstream-error.ts'
import { mapFinishReason } from './finish-reason.ts'
import { mapLogprobs } from './logprobs.ts'
import { mapUsage } from './map-usage.ts'
import { readErrorObject, unwrap } from './read-error.ts'
import { readParts } from './read-parts.ts'
import { isBlocked, listOf } from './read-response.ts'

interface Choice {
  readonly chunks: Chunks
  reason: string | null
}

/** More than any model gives; what follows would only fill memory. */
const mostChoices = 128

/**
 * Google's stream as OpenAI's chunks (providers' facts §8.5). It has no last event of its own: the finish waits for
 * the end of the bytes, and an end at which a candidate has not said why it ended is a failure.
 */
export function createGeminiStream(call: ChatCall): StreamTranslator {
  const choices = new Map<number, Choice>()
  let usage: Usage | null = null
  let calls = 0
  let blocked = false

  const choiceAt = (index: number): Choice => {
    const choice = choices.get(index) ?? { chunks: createChunks(call, index), reason: null }
    if (choices.size >= mostChoices && !choices.has(index))
      throw malformed('The provider sent too many choices.')
    choices.set(index, choice)
    return choice
  }
  const readCandidate = (candidate: JsonObject, model: string | null): ChatChunk[] => {
    const choice = choiceAt(asCount(candidate['index']) ?? 0)
    const { chunks } = choice
    if (model !== null) chunks.setModel(model)
    const logprobs = mapLogprobs(candidate['logprobsResult'])
    for (const part of readParts(candidate['content'])) {
      if (part.kind === 'text') chunks.content(part.text, logprobs)
      else if (part.kind === 'reasoning') chunks.reasoning(part.text)
      else {
        const { id, name, arguments: text, extraContent } = part.call
        const start = { id: id ?? toolCallId(call.id, calls), name }
        const tool = chunks.startTool(extraContent === undefined ? start : { ...start, extraContent })
        calls += 1
        chunks.toolArguments(tool, text)
        chunks.endTool(tool)
      }
    }
    choice.reason = asText(candidate['finishReason']) ?? choice.reason
    return chunks.take()
  }
  const finish = (): ChatChunk[] => {
    if (choices.size === 0 && blocked) choiceAt(0).reason = 'SAFETY'
    if (choices.size === 0) throw malformed('The provider ended its stream without an answer.')
    return [...choices.values()].flatMap(({ chunks, reason: told }) => {
      // A filter that stops an answer on the way says so beside it.
      const reason = told ?? (blocked ? 'SAFETY' : null)
      if (reason === null) throw malformed('The provider broke off before the answer was complete.')
      chunks.finish(mapFinishReason(reason, chunks.toolCount > 0))
      return chunks.take()
    })
  }

  return {
    push: ({ data }): ChatChunk[] => {
      const answer = unwrap(parseJson(data))
      if (answer === null) throw malformed('The provider sent an event that is no JSON object.')
      if (asObject(answer['error']) !== null) throw readErrorObject(answer)
      usage = mapUsage(answer['usageMetadata']) ?? usage
      blocked ||= isBlocked(answer)
      const model = asText(answer['modelVersion'])
      return listOf(answer['candidates']).flatMap((candidate) => readCandidate(candidate, model))
    },
    end: (): StreamEnd => {
      try {
        return { chunks: finish(), usage, error: null }
      } catch (error) {
        return { chunks: [], usage, error: error as StreamEnd['error'] }
      }
    },
    finished: false,
  }
}
