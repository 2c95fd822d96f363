import type { FunctionTool } from '../../core/openai.ts'
import { readCacheControl } from '../shared/cache-control.ts'
import { asText } from '../shared/json.ts'
import { strictSchema } from '../shared/strict-schema.ts'
import type { ToolMode, ToolSettings } from '../shared/tools.ts'
import type { ClaudeCapabilities } from './models.ts'
import type { MessagesTool, MessagesToolChoice } from './types.ts'

export interface ConvertToolsOptions {
  readonly capabilities: ClaudeCapabilities
  /** Thinking was asked for: a forced choice is refused beside it. */
  readonly thinking: boolean
  /** The tool that stands for structured output, or null. */
  readonly answerTool: MessagesTool | null
}

export interface ConvertedTools {
  readonly tools: readonly MessagesTool[]
  readonly choice: MessagesToolChoice | null
  readonly dropped: readonly string[]
}

/**
 * Tools and `tool_choice` in Anthropic's form (providers' facts §6.3). Where a forced choice is refused, beside thinking
 * and by models that always think, it is lowered to `auto` and named as dropped; of a named choice the named tool
 * alone is offered then.
 */
export function convertTools(settings: ToolSettings, options: ConvertToolsOptions): ConvertedTools {
  const { capabilities, thinking, answerTool } = options
  const { mode, parallel } = answerTool === null ? settings : withAnswer(settings, answerTool)
  const own = settings.tools.map((tool) => convertTool(tool, capabilities))
  const tools = answerTool === null ? own : [...own, answerTool]
  if (tools.length === 0) return { tools, choice: null, dropped: [] }
  const isForced = mode.kind === 'required' || mode.kind === 'named'
  const isLowered = isForced && (thinking || !capabilities.forced_tools)
  const offered = isLowered && mode.kind === 'named' ? tools.filter(({ name }) => name === mode.name) : tools
  return {
    tools: offered,
    choice: convertChoice(isLowered ? { kind: 'auto' } : mode, parallel),
    // A choice that the gateway itself made is nobody's loss.
    dropped: isLowered && answerTool === null ? ['tool_choice'] : [],
  }
}

/** The answer itself is a tool call: one is a must, beside the client's tools or alone. */
function withAnswer(
  settings: ToolSettings,
  answerTool: MessagesTool,
): Pick<ToolSettings, 'mode' | 'parallel'> {
  const isAlone = settings.tools.length === 0 || settings.mode.kind === 'none'
  return isAlone
    ? { mode: { kind: 'named', name: answerTool.name }, parallel: false }
    : { mode: { kind: 'required' }, parallel: settings.parallel }
}

function convertTool(tool: FunctionTool, capabilities: ClaudeCapabilities): MessagesTool {
  const { name, description, parameters, strict } = tool.function
  const schema = { ...parameters, type: 'object' }
  const strictly = strict === true && capabilities.strict_tools ? strictSchema(schema) : null
  const mark = readCacheControl(tool) ?? readCacheControl(tool.function)
  return {
    name,
    ...(asText(description) === null ? {} : { description }),
    ...(strictly?.expressible === true
      ? { input_schema: strictly.schema, strict: true as const }
      : { input_schema: schema }),
    ...(mark === null ? {} : { cache_control: mark }),
  }
}

function convertChoice(mode: ToolMode, parallel: boolean): MessagesToolChoice | null {
  const single = parallel ? {} : { disable_parallel_tool_use: true as const }
  switch (mode.kind) {
    case 'none':
      return { type: 'none' }
    case 'required':
      return { type: 'any', ...single }
    case 'named':
      return { type: 'tool', name: mode.name, ...single }
    case 'auto':
      return parallel ? null : { type: 'auto', ...single }
  }
}
