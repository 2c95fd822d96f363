import type { Call, ChatCall, Translator, UpstreamResponse } from '../../core/provider.ts'
import { buildRequest } from './build-request.ts'
import { claude } from './claude.ts'
import { remoteAssets } from './convert-media.ts'
import { isClaude, usesVertex } from './hosts.ts'
import { capabilitiesOf } from './models.ts'
import { readResponse } from './read-response.ts'
import { createGeminiStream } from './stream.ts'

/** Gemini's and Gemma's `generateContent`. */
const gemini: Translator = {
  assets: (call) => {
    const { body, connection } = asChat(call)
    const vertex = usesVertex(connection.credential)
    return remoteAssets(body.messages, { vertex, fileUrls: capabilitiesOf(connection).file_urls })
  },
  buildRequests: (call) => buildRequest(asChat(call)),
  readResponse: ([response], call) => readResponse(response as UpstreamResponse, asChat(call)),
  streaming: () => ({
    kind: 'translate',
    framing: 'sse',
    open: (call) => createGeminiStream(asChat(call)),
  }),
}

/** Google's chat, in the protocol of the connection's model. */
export const chat: Translator = {
  assets: (call) => translatorOf(call).assets?.(call) ?? [],
  buildRequests: (call) => translatorOf(call).buildRequests(call),
  readResponse: (responses, call) => translatorOf(call).readResponse(responses, call),
  streaming: (connection) => (isClaude(connection) ? claude : gemini).streaming(connection),
}

function translatorOf({ connection }: Call): Translator {
  return isClaude(connection) ? claude : gemini
}

function asChat(call: Call): ChatCall {
  if (call.operation !== 'chat') throw new Error(`the chat translator was given ${call.operation}`)
  return call
}
