import type { ChatRequest } from '../../core/openai.ts'
import type { BuiltRequests, ChatCall } from '../../core/provider.ts'
import { droppedParams } from '../shared/dropped-params.ts'
import { jsonRequest, pickHeaders } from '../shared/json-request.ts'
import { withoutLegacyFunctions } from '../shared/legacy-functions.ts'
import type { Turn } from '../shared/merge-turns.ts'
import { type Refusable, refuse } from '../shared/refusals.ts'
import { liftSystem, type SystemPart } from '../shared/system-messages.ts'
import { toolsInHistory } from '../shared/tool-history.ts'
import { readTools, type ToolSettings } from '../shared/tools.ts'
import { withUniqueToolIds } from '../shared/unique-tool-ids.ts'
import { limitCacheMarks } from './cache-marks.ts'
import { convertMessages } from './convert-messages.ts'
import { convertTools } from './convert-tools.ts'
import type { MessagesDialect } from './dialect.ts'
import { capabilitiesOf } from './models.ts'
import { honouredParams, plainParams } from './parameters.ts'
import { planSampling } from './sampling.ts'
import { outputInstruction, type OutputPlan, planOutput } from './structured-output.ts'
import { planThinking } from './thinking.ts'
import type { Block, MessagesBody, TextBlock } from './types.ts'

/** Parameters that change the answer and that Claude has not (providers' facts §3.2). */
const refused: readonly Refusable[] = [
  'n',
  'logprobs',
  'top_logprobs',
  'modalities',
  'audio',
  'web_search_options',
]

/** One Messages request from an OpenAI chat request (providers' facts §6.3). Throws GatewayError 400. */
export function buildRequest(call: ChatCall, dialect: MessagesDialect): BuiltRequests {
  const { connection, stream } = call
  const { body, dropped } = buildBody(call, dialect)
  const finished = dialect.finish({ body, connection, stream })
  const headers = { ...pickHeaders(call.headers, dialect.clientHeaders), ...finished.headers }
  return { requests: [jsonRequest({ ...finished, headers, connection })], dropped }
}

function buildBody(call: ChatCall, dialect: MessagesDialect): { body: MessagesBody; dropped: string[] } {
  const request = withUniqueToolIds(withoutLegacyFunctions(call.body))
  refuse(request, dialect.name, refused)
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
  const plain = plainParams(request, dialect)
  const instructed = systemBlocks(system, outputInstruction(output))
  const config = outputConfig(output, thinking.effort)

  const body: MessagesBody = {
    model: call.connection.modelName,
    max_tokens: thinking.maxTokens,
    ...(instructed.length === 0 ? {} : { system: instructed }),
    messages: turns.map(({ role, blocks: content }) => ({ role, content })),
    ...(tools.tools.length === 0 ? {} : { tools: [...tools.tools] }),
    ...(tools.choice === null ? {} : { tool_choice: tools.choice }),
    ...(thinking.thinking === null ? {} : { thinking: thinking.thinking }),
    ...(config === null ? {} : { output_config: config }),
    ...sampling.fields,
    ...plain.fields,
    ...(call.stream ? { stream: true } : {}),
  }
  limitCacheMarks(body)
  const plans = [thinking, tools, sampling, plain]
  const dropped = [...plans.flatMap((plan) => plan.dropped), ...droppedParams(request, honouredParams)]
  return { body, dropped: [...new Set(dropped)] }
}

function outputConfig(output: OutputPlan, effort: string | null): MessagesBody['output_config'] | null {
  if (output.kind !== 'native') return effort === null ? null : { effort }
  const format = { type: 'json_schema' as const, schema: output.schema }
  return effort === null ? { format } : { effort, format }
}

/** A history with tool calls needs tools, even where none may be called now. */
function toolSettings(request: ChatRequest): ToolSettings {
  const settings = readTools(request)
  if (settings.tools.length > 0) return settings
  return { tools: toolsInHistory(request.messages), mode: { kind: 'none' }, parallel: true }
}

/**
 * The last assistant turn, whose calls the tool results answer now, must begin with its signed thinking, or the
 * request may not ask for more of it (providers' facts §6.8).
 */
function hasUnsignedCalls(turns: readonly Turn<Block>[]): boolean {
  const last = turns.findLast(({ role }) => role === 'assistant')
  if (last === undefined || !last.blocks.some(({ type }) => type === 'tool_use')) return false
  const first = last.blocks[0]?.type
  return first !== 'thinking' && first !== 'redacted_thinking'
}

function systemBlocks(system: readonly SystemPart[], instruction: string | null): TextBlock[] {
  const blocks = system.map(({ text, cacheControl }): TextBlock => {
    return { type: 'text', text, ...(cacheControl === null ? {} : { cache_control: cacheControl }) }
  })
  return instruction === null ? blocks : [...blocks, { type: 'text', text: instruction }]
}
