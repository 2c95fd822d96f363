import type { AssetRequest, Call, ChatCall, Translator, UpstreamResponse } from '../../core/provider.ts'
import { withoutLegacyFunctions } from '../shared/legacy-functions.ts'
import { remoteUrls } from '../shared/media.ts'
import { buildRequest } from './build-request.ts'
import { documentTypes, imageTypes } from './convert-media.ts'
import type { MessagesDialect } from './dialect.ts'
import { capabilitiesOf } from './models.ts'
import { readResponse } from './read-response.ts'
import { createMessagesStream } from './stream.ts'
import { type OutputPlan, planOutput } from './structured-output.ts'

/** Anthropic's bound for an image, and what a request of 32 MB can hold of a document (providers' facts §6.3). */
const maxImageBytes = 5 * 1024 * 1024
const maxDocumentBytes = 22 * 1024 * 1024

export interface MessagesTranslatorOptions {
  readonly dialect: MessagesDialect
}

/** OpenAI's chat in Anthropic's Messages API, wherever that is spoken. */
export function createMessagesTranslator({ dialect }: MessagesTranslatorOptions): Translator {
  const planOf = (call: ChatCall): OutputPlan =>
    planOutput(withoutLegacyFunctions(call.body), capabilitiesOf(call.connection, dialect.capabilities))
  const translator: Translator = {
    buildRequests: (call) => buildRequest(asChat(call), dialect),
    readResponse: (responses, call) => {
      const chat = asChat(call)
      return readResponse(responses[0] as UpstreamResponse, chat, planOf(chat))
    },
    streaming: () => ({
      kind: 'translate',
      framing: 'sse',
      open: (call) => createMessagesStream(asChat(call), planOf(asChat(call))),
    }),
  }
  return dialect.remoteUrls ? translator : { ...translator, assets: (call) => remoteAssets(asChat(call)) }
}

function remoteAssets(call: ChatCall): AssetRequest[] {
  const { images, files } = remoteUrls(call.body.messages)
  return [
    ...images.map((url) => ({ url, mediaTypes: imageTypes, maxBytes: maxImageBytes })),
    ...files.map((url) => ({ url, mediaTypes: documentTypes, maxBytes: maxDocumentBytes })),
  ]
}

function asChat(call: Call): ChatCall {
  if (call.operation !== 'chat') throw new Error('the Messages API serves chat only')
  return call
}
