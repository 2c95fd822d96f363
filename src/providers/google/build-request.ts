import type { ChatRequest } from '../../core/openai.ts'
import type { BuiltRequests, ChatCall } from '../../core/provider.ts'
import { droppedParams } from '../shared/dropped-params.ts'
import { jsonRequest, pickHeaders } from '../shared/json-request.ts'
import { withoutLegacyFunctions } from '../shared/legacy-functions.ts'
import { invalid, refuse } from '../shared/refusals.ts'
import { liftSystem } from '../shared/system-messages.ts'
import { readTools } from '../shared/tools.ts'
import { withUniqueToolIds } from '../shared/unique-tool-ids.ts'
import { convertMessages } from './convert-messages.ts'
import { convertTools } from './convert-tools.ts'
import { planGeneration } from './generation-config.ts'
import { modelUrl, usesVertex } from './hosts.ts'
import { capabilitiesOf } from './models.ts'
import { responseFormat } from './response-format.ts'
import { planThinking } from './thinking.ts'
import type { Content, GenerateContentBody, TextPart } from './types.ts'

/** What is honoured here, or named as dropped by who reads it. */
const honoured = new Set([
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'n',
  'stop',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'logprobs',
  'top_logprobs',
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'service_tier',
  'modalities',
])

/** OpenAI's chat as `generateContent` or `streamGenerateContent` (providers' facts §8.2, §9.3). */
export function buildRequest(call: ChatCall): BuiltRequests {
  const { connection, stream, headers } = call
  const request = withUniqueToolIds(withoutLegacyFunctions(call.body))
  refuse(request, 'Google', ['modalities', 'audio', 'web_search_options'])
  const capabilities = capabilitiesOf(connection)
  const vertex = usesVertex(connection.credential)
  const settings = readTools(request)
  const tools = convertTools(settings, capabilities)
  const thinking = planThinking(request, capabilities)
  const generation = planGeneration(request, capabilities)
  const hasTools = tools.tools !== undefined && settings.mode.kind !== 'none'
  const format = responseFormat(request, capabilities, hasTools)
  const tier = serviceTier(request, vertex)

  const { system, rest } = liftSystem(request.messages)
  const fileUrls = capabilities.file_urls
  const contents = convertMessages(rest, { assets: call.assets, capabilities, vertex, fileUrls })
  if (contents.length === 0) throw invalid('messages', '`messages` holds nothing that could be sent.')
  const generationConfig = {
    ...generation.config,
    ...format,
    ...(thinking.config === null ? {} : { thinkingConfig: thinking.config }),
  }
  const body: GenerateContentBody = {
    ...withSystem(
      contents,
      system.map(({ text }) => ({ text })),
      capabilities.system_instruction,
    ),
    // A JSON answer is refused beside tools that may not be called, too.
    ...('responseMimeType' in format && !hasTools ? {} : tools),
    ...(Object.keys(generationConfig).length === 0 ? {} : { generationConfig }),
    ...tier.body,
  }
  const isSingle = call.body.parallel_tool_calls === false && settings.tools.length > 0
  const dropped = [
    ...thinking.dropped,
    ...generation.dropped,
    ...tier.dropped,
    // Google cannot be kept from calling several functions at once.
    ...(isSingle ? ['parallel_tool_calls'] : []),
    ...droppedParams(request, honoured),
  ]
  const url = modelUrl(connection, stream ? 'streamGenerateContent' : 'generateContent')
  const ours = { ...pickHeaders(headers, ['traceparent', 'tracestate']), ...tier.headers }
  return {
    requests: [jsonRequest({ url, body: { ...body }, headers: ours, connection })],
    dropped: [...new Set(dropped)],
  }
}

function withSystem(
  contents: Content[],
  system: TextPart[],
  takesSystem: boolean,
): Pick<GenerateContentBody, 'systemInstruction' | 'contents'> {
  if (system.length === 0) return { contents }
  if (takesSystem) return { systemInstruction: { parts: system }, contents }
  const [first, ...others] = contents
  if (first?.role !== 'user') return { contents: [{ role: 'user', parts: system }, ...contents] }
  return { contents: [{ ...first, parts: [...system, ...first.parts] }, ...others] }
}

interface Tier {
  readonly body: Pick<GenerateContentBody, 'serviceTier'>
  readonly headers: Readonly<Record<string, string>>
  readonly dropped: readonly string[]
}

/** The Gemini API takes the tier in the body, Vertex AI in a header (providers' facts §8.2, §9.3). */
function serviceTier({ service_tier: tier }: ChatRequest, vertex: boolean): Tier {
  const none: Tier = { body: {}, headers: {}, dropped: [] }
  if (tier === undefined || tier === null || tier === 'auto') return none
  if (tier === 'flex' || tier === 'priority') {
    return vertex
      ? { ...none, headers: { 'x-vertex-ai-llm-shared-request-type': tier } }
      : { ...none, body: { serviceTier: tier } }
  }
  if (tier === 'default') return vertex ? none : { ...none, body: { serviceTier: 'standard' } }
  return { ...none, dropped: ['service_tier'] }
}
