import type { ChatChunk } from '../../core/openai.ts'
import type { ChatCall, StreamEnd, StreamTranslator, WireEvent } from '../../core/provider.ts'
import type { Usage } from '../../core/usage.ts'
import { type Chunks, createChunks } from '../shared/chunks.ts'
import { asObject, asText, type JsonObject, parseObject, stringIn } from '../shared/json.ts'
import { malformed } from '../shared/upstream-error.ts'
import { finishReason, readLogprobs, readUsage } from './answer.ts'
import { createStreamTools } from './stream-tools.ts'

/**
 * Cohere's event stream as OpenAI's chunks (providers' facts §10.4). Only `message-end` makes it whole: that holds the
 * reason, the usage, and the failure where there is one.
 */
export function createChatStream(call: ChatCall): StreamTranslator {
  const chunks: Chunks = createChunks(call)
  const tools = createStreamTools({ call, chunks })
  let usage: Usage | null = null
  let finished = false

  const addContent = (content: JsonObject | null, logprobs: unknown) => {
    chunks.reasoning(stringIn(content?.['thinking']))
    const wanted = call.body.logprobs === true ? readLogprobs(logprobs) : undefined
    chunks.content(stringIn(content?.['text']), wanted)
  }
  const read = (type: unknown, { index, delta, logprobs }: JsonObject): void => {
    const message = asObject(asObject(delta)?.['message'])
    switch (type) {
      case 'content-start':
      case 'content-delta':
        return addContent(asObject(message?.['content']), logprobs)
      case 'tool-plan-delta':
        return chunks.toolPlan(stringIn(message?.['tool_plan']))
      case 'tool-call-start':
        return tools.start(index, message?.['tool_calls'])
      case 'tool-call-delta':
        return tools.delta(index, message?.['tool_calls'])
      case 'tool-call-end':
        return tools.end(index)
      case 'message-end':
        return end(asObject(delta) ?? {})
      // `message-start`, `content-end`, citations, `debug`, and events that are not known yet.
      default:
    }
  }
  const end = (ending: JsonObject): void => {
    usage = readUsage(ending['usage'])
    const reason = finishReason(ending, chunks.toolCount > 0)
    if (asText(ending['finish_reason']) === null) {
      throw malformed('The provider ended its stream without a reason.')
    }
    tools.endAll()
    chunks.finish(reason)
    finished = true
  }

  return {
    push: ({ type, data }: WireEvent): ChatChunk[] => {
      const payload = parseObject(data)
      if (payload === null) throw malformed('The provider sent an event that is not JSON.')
      read(payload['type'] ?? type, payload)
      return chunks.take()
    },
    end: (): StreamEnd => ({
      chunks: [],
      usage,
      error: finished ? null : malformed('The provider broke off before the answer was complete.'),
    }),
    get finished() {
      return finished
    },
  }
}
