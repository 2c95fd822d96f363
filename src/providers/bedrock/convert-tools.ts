import type { ChatRequest, FunctionTool } from '../../core/openai.ts'
import type { OutputPlan } from '../anthropic/structured-output.ts'
import type { MessagesTool } from '../anthropic/types.ts'
import { readCacheControl } from '../shared/cache-control.ts'
import { asObject, asText, type JsonObject } from '../shared/json.ts'
import { unsupported } from '../shared/refusals.ts'
import { strictSchema } from '../shared/strict-schema.ts'
import { toolsInHistory } from '../shared/tool-history.ts'
import { readTools, type ToolMode, type ToolSettings } from '../shared/tools.ts'
import { cachePoint, type CacheRules } from './cache-points.ts'
import type { ConverseTool, ConverseToolChoice } from './converse-types.ts'

export interface ToolRules extends CacheRules {
  readonly tools: boolean
  readonly forced_tools: boolean
  readonly strict_tools: boolean
}

export interface ToolOptions {
  readonly rules: ToolRules
  readonly output: OutputPlan
  /** Thinking was asked for: no model takes a forced choice beside it. */
  readonly thinking: boolean
}

export interface ConvertedTools {
  readonly toolConfig: {
    readonly tools: readonly ConverseTool[]
    readonly toolChoice?: ConverseToolChoice
  } | null
  readonly dropped: readonly string[]
}

/** What becomes of the answer's tool calls. */
export interface ToolAnswers {
  /** The tool whose input is the answer's text; null: none. */
  readonly jsonTool: string | null
  /** False: calls are left out, since the client offered no tools or forbade them, and Converse has no word for that. */
  readonly showsCalls: boolean
}

/** How tool calls of the answer to this request are to be read. */
export function toolAnswers(body: ChatRequest, output: OutputPlan): ToolAnswers {
  return {
    jsonTool: output.kind === 'tool' ? output.tool.name : null,
    showsCalls: mayCall(readTools(body)),
  }
}

/**
 * `toolConfig`, or null for none. A history with tool calls needs one, also where the request offers no tools: it is
 * then made from the calls (providers' facts §7.5, §7.8). Where the model cannot be made to call a tool the choice is
 * lowered to its own and named as dropped; of a named choice the named tool alone is offered then. Throws 400
 * `unsupported_parameter` where the model has no tools.
 */
export function convertTools(body: ChatRequest, { rules, output, thinking }: ToolOptions): ConvertedTools {
  const settings = readTools(body)
  const history = toolsInHistory(body.messages)
  const offered = settings.mode.kind === 'none' && history.length === 0 ? [] : settings.tools
  const tools = offered.length > 0 ? offered : history
  if (tools.length > 0 && !rules.tools) throw unsupported('tools', 'This Bedrock model has no tools.')
  const mode = modeOf(settings, output)
  const isForced = mode.kind === 'required' || mode.kind === 'named'
  const isLowered = isForced && (thinking || !rules.forced_tools)
  const kept =
    isLowered && mode.kind === 'named' ? tools.filter((tool) => tool.function.name === mode.name) : tools
  const specs = kept.flatMap((tool) => toolSpec(tool, rules))
  if (output.kind === 'tool') specs.push(answerTool(output.tool))
  if (specs.length === 0) return { toolConfig: null, dropped: [] }
  return {
    toolConfig: isForced && !isLowered ? { tools: specs, toolChoice: choiceOf(mode) } : { tools: specs },
    // A choice that the gateway itself made is nobody's loss.
    dropped: isLowered && output.kind !== 'tool' ? ['tool_choice'] : [],
  }
}

function mayCall({ tools, mode }: ToolSettings): boolean {
  return tools.length > 0 && mode.kind !== 'none'
}

/** The answer itself may be a tool call: then one is a must, beside the client's tools or alone. */
function modeOf(settings: ToolSettings, output: OutputPlan): ToolMode {
  if (output.kind !== 'tool') return settings.mode
  return mayCall(settings) ? { kind: 'required' } : { kind: 'named', name: output.tool.name }
}

function choiceOf(mode: ToolMode): ConverseToolChoice {
  return mode.kind === 'named' ? { tool: { name: mode.name } } : { any: {} }
}

function toolSpec(tool: FunctionTool, rules: ToolRules): ConverseTool[] {
  const { name, description, parameters, strict } = tool.function
  const json = objectSchema(asObject(parameters))
  const strictly = rules.strict_tools && strict === true ? strictSchema(json) : null
  const mark = readCacheControl(tool) ?? readCacheControl(tool.function)
  const spec = {
    toolSpec: {
      name,
      ...(asText(description) === null ? {} : { description: String(description) }),
      ...(strictly?.expressible === true
        ? { inputSchema: { json: strictly.schema }, strict: true }
        : { inputSchema: { json } }),
    },
  }
  return mark === null || rules.prompt_cache !== 'all' ? [spec] : [spec, ...cachePoint(mark, rules)]
}

/** Converse demands an object, which a tool without parameters does not say. */
function objectSchema(parameters: JsonObject | null): JsonObject {
  return { ...(parameters ?? { properties: {} }), type: 'object' }
}

function answerTool({ name, description, input_schema: json }: MessagesTool): ConverseTool {
  return { toolSpec: { name, ...(description === undefined ? {} : { description }), inputSchema: { json } } }
}
