import type { Call, ChatCall, Translator, UpstreamResponse } from '../../core/provider.ts'
import { buildRequest } from './build-request.ts'
import { readResponse } from './read-response.ts'
import { createChatStream } from './stream.ts'

/** OpenAI's chat in Cohere's v2 chat. Image URLs go as they are: Cohere fetches them itself. */
export const chat: Translator = {
  buildRequests: (call) => buildRequest(asChat(call)),
  readResponse: (responses, call) => readResponse(responses[0] as UpstreamResponse, asChat(call)),
  streaming: () => ({
    kind: 'translate',
    framing: 'sse',
    open: (call) => createChatStream(asChat(call)),
  }),
}

function asChat(call: Call): ChatCall {
  if (call.operation !== 'chat') throw new Error(`the chat translator was given ${call.operation}`)
  return call
}
