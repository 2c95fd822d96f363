import type { ChatRequest } from '../../core/openai.ts'
import type { BuiltRequests, ChatCall } from '../../core/provider.ts'
import { droppedParams } from '../shared/dropped-params.ts'
import { baseUrl, jsonRequest, pickHeaders } from '../shared/json-request.ts'
import { withoutLegacyFunctions } from '../shared/legacy-functions.ts'
import { invalid, type Refusable, refuse } from '../shared/refusals.ts'
import { readTokenLimit } from '../shared/token-limit.ts'
import { readTools } from '../shared/tools.ts'
import { withUniqueToolIds } from '../shared/unique-tool-ids.ts'
import { convertMessages } from './convert-messages.ts'
import { convertTools } from './convert-tools.ts'
import { cohereUrl } from './fields.ts'
import { capabilitiesOf } from './models.ts'
import { honouredParams, plainParams } from './parameters.ts'
import { responseFormat } from './response-format.ts'
import { planThinking } from './thinking.ts'

/** Parameters that change the answer and that Cohere has not (providers' facts §3.2). */
const refused: readonly Refusable[] = ['n', 'top_logprobs', 'modalities', 'audio', 'web_search_options']
const tracing = ['traceparent', 'tracestate']

/**
 * One v2 chat request from an OpenAI chat request (providers' facts §10.2). It holds nothing but what is named here:
 * Cohere refuses any other field. Throws GatewayError 400.
 */
export function buildRequest(call: ChatCall): BuiltRequests {
  const { connection, headers } = call
  const { body, dropped } = buildBody(call)
  const url = `${baseUrl(connection.credential, cohereUrl)}/v2/chat`
  const request = jsonRequest({ url, body, headers: pickHeaders(headers, tracing), connection })
  return { requests: [request], dropped }
}

function buildBody(call: ChatCall): { body: Record<string, unknown>; dropped: string[] } {
  const request = withUniqueToolIds(withoutLegacyFunctions(call.body))
  refuse(request, 'Cohere', refused)
  const capabilities = capabilitiesOf(call.connection)
  const { messages, documents: files } = convertMessages(request.messages, {
    assets: call.assets,
    images: capabilities.images,
  })
  const documents = [...readDocuments(request), ...files]
  const settings = { ...readTools(request), parallel: call.body.parallel_tool_calls !== false }
  const mayCall = settings.tools.length > 0 && settings.mode.kind !== 'none'
  const format = responseFormat(request, { tools: mayCall, documents: documents.length > 0 })
  // Tools that may not be called would still be refused beside JSON.
  const tools = convertTools(format === null ? settings : { ...settings, tools: [] }, capabilities)
  const maxTokens = readTokenLimit(request)
  const thinking = planThinking(request, capabilities, maxTokens)
  const plain = plainParams(request, capabilities)
  const plans = [tools, thinking, plain]
  return {
    body: {
      model: call.connection.modelName,
      messages,
      ...(call.stream ? { stream: true } : {}),
      ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
      ...tools.fields,
      ...(documents.length === 0 ? {} : { documents }),
      ...(format === null ? {} : { response_format: format }),
      ...thinking.fields,
      ...plain.fields,
    },
    dropped: [...plans.flatMap((plan) => plan.dropped), ...droppedParams(request, honouredParams)],
  }
}

/** Cohere's own parameter: objects or texts that the answer may cite. */
function readDocuments(request: ChatRequest): readonly unknown[] {
  const { documents } = request
  if (documents === undefined || documents === null) return []
  if (!Array.isArray(documents)) throw invalid('documents', '`documents` must be an array.')
  return documents as unknown[]
}
