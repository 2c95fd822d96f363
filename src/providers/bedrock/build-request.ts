import type { ChatRequest } from '../../core/openai.ts'
import type { BuiltRequests, ChatCall } from '../../core/provider.ts'
import { outputInstruction } from '../anthropic/structured-output.ts'
import { droppedParams } from '../shared/dropped-params.ts'
import type { JsonObject } from '../shared/json.ts'
import { withoutLegacyFunctions } from '../shared/legacy-functions.ts'
import { refuse } from '../shared/refusals.ts'
import { liftSystem, type SystemPart } from '../shared/system-messages.ts'
import { readTools } from '../shared/tools.ts'
import { withUniqueToolIds } from '../shared/unique-tool-ids.ts'
import { cachePoint, hasCacheMarks, limitCachePoints } from './cache-points.ts'
import type { ConverseMessage, SystemBlock } from './converse-types.ts'
import { convertMessages } from './convert-messages.ts'
import { convertTools, type ConvertedTools } from './convert-tools.ts'
import { type BedrockCapabilities, capabilitiesOf, claudeOf } from './families.ts'
import { runtimeRequest } from './hosts.ts'
import { planInference } from './inference-config.ts'
import { planReasoning } from './reasoning.ts'
import { requestLabels } from './request-labels.ts'
import { outputConfig, planStructuredOutput } from './structured-output.ts'

/** Parameters that are read below; whatever else a client sends is dropped and named. */
const honoured: ReadonlySet<string> = new Set(
  (
    'max_tokens max_completion_tokens temperature top_p top_k stop modalities tools tool_choice ' +
    'parallel_tool_calls functions function_call response_format reasoning_effort thinking user ' +
    'safety_identifier metadata service_tier'
  ).split(' '),
)

/** One Converse or ConverseStream request from an OpenAI chat request (providers' facts §7.5). Throws GatewayError 400. */
export function buildRequest(call: ChatCall): BuiltRequests {
  const { body, dropped } = buildBody(call)
  const action = call.stream ? 'converse-stream' : 'converse'
  return { requests: [runtimeRequest(call.connection, action, body)], dropped }
}

function buildBody(call: ChatCall): { body: JsonObject; dropped: string[] } {
  const request = withUniqueToolIds(withoutLegacyFunctions(call.body))
  refuse(request, 'Bedrock', ['n', 'logprobs', 'top_logprobs', 'modalities', 'audio', 'web_search_options'])
  const capabilities = capabilitiesOf(call.connection)
  const claude = claudeOf(call.connection)
  const output = planStructuredOutput(request, capabilities)
  const { system, rest } = liftSystem(request.messages)
  const turns = convertMessages(rest, {
    assets: call.assets,
    rules: { ...capabilities, replays_reasoning: claude !== null && claude.reasoning !== 'none' },
  })
  const mayThink = !hasUnsignedCalls(turns)
  const reasoning = planReasoning({ body: request, capabilities, claude, stream: call.stream, mayThink })
  const thinking = reasoning.on && claude !== null
  const tools = convertTools(request, { rules: capabilities, output, thinking })
  const inference = planInference(request, {
    maxTokens: reasoning.maxTokens,
    sampling: capabilities.sampling && !reasoning.on,
    topK: capabilities.top_k,
    isClaude: claude !== null,
  })
  const labels = requestLabels(request)
  const single = singleCall(request, tools, claude !== null)
  const prompt = placeSystem(
    systemBlocks(system, outputInstruction(output), capabilities),
    turns,
    capabilities,
  )
  const [offered, systemPart, ...contents] = limitCachePoints([
    tools.toolConfig?.tools ?? [],
    prompt.system,
    ...prompt.messages.map(({ content }) => content),
  ])
  const fields = {
    ...inference.fields,
    ...reasoning.fields,
    ...single.fields,
    ...betas(call, claude !== null),
  }
  const body = {
    messages: prompt.messages.map(({ role }, index) => ({ role, content: contents[index] })),
    ...filled('system', systemPart ?? []),
    ...filled('inferenceConfig', inference.inferenceConfig),
    ...(tools.toolConfig === null ? {} : { toolConfig: { ...tools.toolConfig, tools: offered } }),
    ...outputConfig(request, output),
    ...filled('additionalModelRequestFields', fields),
    ...filled('requestMetadata', labels.requestMetadata),
    ...(labels.serviceTier === null ? {} : { serviceTier: labels.serviceTier }),
  }
  const marks = capabilities.prompt_cache === 'none' && hasCacheMarks(request) ? ['cache_control'] : []
  const dropped = [
    ...[reasoning, tools, inference, labels].flatMap((plan) => plan.dropped),
    ...marks,
    ...(call.body.parallel_tool_calls === false ? single.dropped : []),
    ...droppedParams(request, honoured),
  ]
  return { body, dropped: [...new Set(dropped)] }
}

/** A member that is left out where it would be empty. */
function filled(name: string, value: object): JsonObject {
  return Object.keys(value).length === 0 ? {} : { [name]: value }
}

function systemBlocks(
  parts: readonly SystemPart[],
  instruction: string | null,
  capabilities: BedrockCapabilities,
): SystemBlock[] {
  const blocks = parts.flatMap(({ text, cacheControl }): SystemBlock[] => [
    { text },
    ...(cacheControl === null ? [] : cachePoint(cacheControl, capabilities)),
  ])
  return instruction === null ? blocks : [...blocks, { text: instruction }]
}

/** Models without a system prompt are told at the beginning of the conversation. */
function placeSystem(
  system: readonly SystemBlock[],
  messages: readonly ConverseMessage[],
  { system: hasSystem }: BedrockCapabilities,
): { system: readonly SystemBlock[]; messages: readonly ConverseMessage[] } {
  const [first, ...others] = messages
  if (hasSystem || first === undefined) return { system, messages }
  return { system: [], messages: [{ role: first.role, content: [...system, ...first.content] }, ...others] }
}

/** `parallel_tool_calls: false`, which only Claude's native body can say. */
function singleCall(
  request: ChatRequest,
  { toolConfig }: ConvertedTools,
  isClaude: boolean,
): { fields: JsonObject; dropped: string[] } {
  if (toolConfig === null || readTools(request).parallel) return { fields: {}, dropped: [] }
  if (!isClaude) return { fields: {}, dropped: ['parallel_tool_calls'] }
  const { toolChoice } = toolConfig
  const choice =
    toolChoice === undefined
      ? { type: 'auto' }
      : 'tool' in toolChoice
        ? { type: 'tool', name: toolChoice.tool.name }
        : { type: 'any' }
  return { fields: { tool_choice: { ...choice, disable_parallel_tool_use: true } }, dropped: [] }
}

/** Anthropic's betas that a client asks for by header; in a native body they are a member. */
function betas({ headers }: ChatCall, isClaude: boolean): JsonObject {
  const names = (headers['anthropic-beta'] ?? '').split(',').map((name) => name.trim())
  const given = names.filter((name) => name !== '')
  return isClaude && given.length > 0 ? { anthropic_beta: given } : {}
}

/**
 * The assistant turn that tool results are answering now must begin with its signed thinking, or the request may not
 * ask for more of it (providers' facts §6.8).
 */
function hasUnsignedCalls(turns: readonly ConverseMessage[]): boolean {
  const last = turns.findLast(({ role }) => role === 'assistant')
  if (last === undefined || !last.content.some((block) => 'toolUse' in block)) return false
  const isUnderWay = turns.at(-1)?.content.some((block) => 'toolResult' in block) ?? false
  const [first] = last.content
  return isUnderWay && !(first !== undefined && 'reasoningContent' in first)
}
