import type { ChatChunk } from '../../core/openai.ts'
import type { ChatCall, StreamEnd, StreamTranslator, WireEvent } from '../../core/provider.ts'
import { type Chunks, createChunks } from '../shared/chunks.ts'
import { asObject, asText, type JsonObject, parseObject } from '../shared/json.ts'
import { malformed } from '../shared/upstream-error.ts'
import { createAnswerText } from './answer-text.ts'
import { mapFinishReason } from './map-finish-reason.ts'
import { mapUsage, mergeUsage, type MessagesUsage } from './map-usage.ts'
import { readErrorObject } from './read-error.ts'
import { createBlocks } from './stream-blocks.ts'
import type { OutputPlan } from './structured-output.ts'

/**
 * Anthropic's event stream as OpenAI's chunks (providers' facts §6.6). The finish waits for `message_stop`, so that an
 * answer that broke off never looks complete; the last value stated of each count of tokens holds.
 */
export function createMessagesStream(call: ChatCall, plan: OutputPlan): StreamTranslator {
  const chunks: Chunks = createChunks(call)
  const text = createAnswerText(chunks, plan)
  const blocks = createBlocks({ call, chunks, text, plan })
  let usage: MessagesUsage = {}
  let stopReason: unknown = null
  let finished = false

  const read = (type: unknown, data: JsonObject): void => {
    switch (type) {
      case 'message_start': {
        const message = asObject(data['message'])
        const model = asText(message?.['model'])
        if (model !== null) chunks.setModel(model)
        usage = mergeUsage(usage, message?.['usage'])
        return
      }
      case 'content_block_start':
        return blocks.start(data['index'], asObject(data['content_block']) ?? {})
      case 'content_block_delta':
        return blocks.delta(data['index'], asObject(data['delta']) ?? {})
      case 'content_block_stop':
        return blocks.stop(data['index'])
      case 'message_delta':
        usage = mergeUsage(usage, data['usage'])
        stopReason = asObject(data['delta'])?.['stop_reason'] ?? stopReason
        return
      case 'message_stop':
        if (stopReason === null) throw malformed('The provider ended its stream without a reason.')
        blocks.end()
        text.end()
        chunks.finish(mapFinishReason(stopReason, chunks.toolCount > 0))
        finished = true
        return
      case 'error':
        throw readErrorObject(data)
      // `ping`, and events that are not known yet: Anthropic's versions may add some.
      default:
    }
  }

  return {
    push: ({ type, data }: WireEvent): ChatChunk[] => {
      const payload = parseObject(data)
      if (payload === null) throw malformed('The provider sent an event that is not JSON.')
      // Proxies before the API write errors without its type.
      const isBare = payload['type'] === undefined && asObject(payload['error']) !== null
      read(isBare ? 'error' : (payload['type'] ?? type), payload)
      return chunks.take()
    },
    end: (): StreamEnd => ({
      chunks: [],
      usage: mapUsage(usage),
      error: finished ? null : malformed('The provider broke off before the answer was complete.'),
    }),
    get finished() {
      return finished
    },
  }
}
