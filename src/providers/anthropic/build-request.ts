import { createHash } from 'node:crypto'
import type { ChatRequest } from '../../core/openai.ts'
import type { BuiltRequests, ChatCall } from '../../core/provider.ts'
import { readCacheControl } from '../shared/cache-control.ts'
import { droppedParams } from '../shared/dropped-params.ts'
import { jsonRequest, pickHeaders } from '../shared/json-request.ts'
import { withoutLegacyFunctions } from '../shared/legacy-functions.ts'
import type { Turn } from '../shared/merge-turns.ts'
import { refuse, unsupported } from '../shared/refusals.ts'
import { readStop } from '../shared/stop.ts'
import { liftSystem, type SystemPart } from '../shared/system-messages.ts'
import { isBlank } from '../shared/text.ts'
import { toolsInHistory } from '../shared/tool-history.ts'
import { readTools, type ToolSettings } from '../shared/tools.ts'
import { limitCacheMarks } from './cache-marks.ts'
import { convertMessages } from './convert-messages.ts'
import { convertTools } from './convert-tools.ts'
import type { MessagesDialect } from './dialect.ts'
import { capabilitiesOf } from './models.ts'
import { planSampling } from './sampling.ts'
import { outputInstruction, planOutput } from './structured-output.ts'
import { planThinking } from './thinking.ts'
import type { Block, MessagesBody, TextBlock } from './types.ts'

/** Parameters that are read below; whatever else a client sends is dropped and named. */
const honoured: ReadonlySet<string> = new Set(
  `max_tokens max_completion_tokens temperature top_p top_k stop modalities tools tool_choice parallel_tool_calls
   functions function_call response_format reasoning_effort thinking user safety_identifier service_tier
   cache_control`.split(/\s+/),
)

/** One Messages request from an OpenAI chat request (providers' facts §6.3). Throws GatewayError 400. */
export function buildRequest(call: ChatCall, dialect: MessagesDialect): BuiltRequests {
  const { connection, stream } = call
  const { body, dropped } = buildBody(call, dialect)
  const finished = dialect.finish({ body, connection, stream })
  const headers = { ...pickHeaders(call.headers, dialect.clientHeaders), ...finished.headers }
  return { requests: [jsonRequest({ ...finished, headers, connection })], dropped }
}

function buildBody(call: ChatCall, dialect: MessagesDialect): { body: MessagesBody; dropped: string[] } {
  const request = withoutLegacyFunctions(call.body)
  refuse(request, dialect.name, [
    'n',
    'logprobs',
    'top_logprobs',
    'modalities',
    'audio',
    'web_search_options',
  ])
  const capabilities = capabilitiesOf(call.connection, dialect.capabilities)
  const output = planOutput(request, capabilities)
  const { system, rest } = liftSystem(request.messages)
  const turns = convertMessages(rest, {
    assets: call.assets,
    remoteUrls: dialect.remoteUrls,
    keepThinking: capabilities.reasoning !== 'none',
  })
  const thinking = planThinking({
    body: request,
    capabilities,
    stream: call.stream,
    mayThink: !hasUnsignedCalls(turns),
  })
  const answerTool = output.kind === 'tool' ? output.tool : null
  const tools = convertTools(toolSettings(request), { capabilities, thinking: thinking.on, answerTool })
  const sampling = planSampling(request, capabilities.sampling && !thinking.on)
  const format =
    output.kind === 'native' ? { format: { type: 'json_schema' as const, schema: output.schema } } : {}
  const outputConfig = { ...(thinking.effort === null ? {} : { effort: thinking.effort }), ...format }
  const tier = serviceTier(request, dialect)
  const stop = stopSequences(request)
  const blocks = systemBlocks(system, outputInstruction(output))
  const user = userId(request)
  const caching = dialect.automaticCaching ? readCacheControl(request) : null

  const body: MessagesBody = {
    model: call.connection.modelName,
    max_tokens: thinking.maxTokens,
    ...(blocks.length === 0 ? {} : { system: blocks }),
    messages: turns.map(({ role, blocks: content }) => ({ role, content })),
    ...(tools.tools.length === 0 ? {} : { tools: [...tools.tools] }),
    ...(tools.choice === null ? {} : { tool_choice: tools.choice }),
    ...(thinking.thinking === null ? {} : { thinking: thinking.thinking }),
    ...(Object.keys(outputConfig).length === 0 ? {} : { output_config: outputConfig }),
    ...sampling.fields,
    ...(stop.length === 0 ? {} : { stop_sequences: stop }),
    ...(user === null ? {} : { metadata: { user_id: user } }),
    ...(tier.value === null ? {} : { service_tier: tier.value }),
    ...(caching === null ? {} : { cache_control: caching }),
    ...(call.stream ? { stream: true } : {}),
  }
  limitCacheMarks(body)
  const ignored = droppedParams(request, honoured)
  const dropped = [...thinking.dropped, ...tools.dropped, ...sampling.dropped, ...tier.dropped, ...ignored]
  return { body, dropped: [...new Set(dropped)] }
}

/** A history with tool calls needs tools, even where none may be called now. */
function toolSettings(request: ChatRequest): ToolSettings {
  const settings = readTools(request)
  if (settings.tools.length > 0) return settings
  return { tools: toolsInHistory(request.messages), mode: { kind: 'none' }, parallel: true }
}

/**
 * The assistant turn that tool results are answering now must begin with its signed thinking, or the request may not
 * ask for more of it (providers' facts §6.8).
 */
function hasUnsignedCalls(turns: readonly Turn<Block>[]): boolean {
  const last = turns.findLast(({ role }) => role === 'assistant')
  if (last === undefined || !last.blocks.some(({ type }) => type === 'tool_use')) return false
  const isUnderWay = turns.at(-1)?.blocks.some(({ type }) => type === 'tool_result') ?? false
  const first = last.blocks[0]?.type
  return isUnderWay && first !== 'thinking' && first !== 'redacted_thinking'
}

function systemBlocks(system: readonly SystemPart[], instruction: string | null): TextBlock[] {
  const blocks = system.map(({ text, cacheControl }): TextBlock => {
    return { type: 'text', text, ...(cacheControl === null ? {} : { cache_control: cacheControl }) }
  })
  return instruction === null ? blocks : [...blocks, { type: 'text', text: instruction }]
}

function stopSequences(request: ChatRequest): string[] {
  const stop = readStop(request)
  if (stop.some(isBlank)) {
    throw unsupported('stop', 'Claude takes no stop sequence of white space alone.')
  }
  return stop
}

const longestUserId = 256

/** An opaque name of the end user, of bounded length. */
function userId(request: ChatRequest): string | null {
  const id = [request['safety_identifier'], request.user].find((value) => !isBlank(value)) as
    | string
    | undefined
  if (id === undefined) return null
  return id.length <= longestUserId ? id : createHash('sha256').update(id).digest('hex')
}

/** OpenAI's tiers: `auto` and `default` have counterparts, the others none. */
function serviceTier(
  { service_tier: tier }: ChatRequest,
  dialect: MessagesDialect,
): { value: 'auto' | 'standard_only' | null; dropped: string[] } {
  if (tier === undefined || tier === null) return { value: null, dropped: [] }
  if (!dialect.serviceTier || (tier !== 'auto' && tier !== 'default')) {
    return { value: null, dropped: tier === 'auto' ? [] : ['service_tier'] }
  }
  return { value: tier === 'auto' ? 'auto' : 'standard_only', dropped: [] }
}
