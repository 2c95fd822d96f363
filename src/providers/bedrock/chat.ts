import type { Call, ChatCall, Translator, UpstreamResponse } from '../../core/provider.ts'
import { answerRules } from './answer-rules.ts'
import { buildRequest } from './build-request.ts'
import { remoteMedia } from './convert-media.ts'
import { readResponse } from './read-response.ts'
import { openStream } from './stream.ts'

/** OpenAI's chat in Bedrock's Converse and ConverseStream. */
export const chat: Translator = {
  assets: (call) => remoteMedia(asChat(call)),
  buildRequests: (call) => buildRequest(asChat(call)),
  readResponse: (responses, call) => {
    const own = asChat(call)
    return readResponse(responses[0] as UpstreamResponse, own, answerRules(own))
  },
  streaming: () => ({
    kind: 'translate',
    framing: 'aws-event-stream',
    open: (call) => openStream(asChat(call), answerRules(asChat(call))),
  }),
}

function asChat(call: Call): ChatCall {
  if (call.operation !== 'chat') throw new Error('Converse serves chat only')
  return call
}
