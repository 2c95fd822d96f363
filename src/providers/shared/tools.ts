import type { ChatRequest, FunctionTool } from '../../core/openai.ts'
import { asObject } from './json.ts'
import { invalid, unsupported } from './refusals.ts'

export type ToolMode =
  | { readonly kind: 'auto' | 'none' | 'required' }
  | { readonly kind: 'named'; readonly name: string }

export interface ToolSettings {
  /** Those that may be called: `allowed_tools` leaves the others out. */
  readonly tools: readonly FunctionTool[]
  readonly mode: ToolMode
  /** False only where the client forbids several calls in one turn. */
  readonly parallel: boolean
}

/**
 * `tools`, `tool_choice` and `parallel_tool_calls` in one form (providers' facts §2.2).
 * Throws 400: `unsupported_parameter` for tools other than functions, `invalid_request` for what cannot be read.
 */
export function readTools(body: ChatRequest): ToolSettings {
  const all = (body.tools ?? []).map(readTool)
  const { mode, allowed } = readChoice(body.tool_choice)
  const tools = allowed === null ? all : all.filter((tool) => allowed.has(tool.function.name))
  if (mode.kind === 'required' && tools.length === 0) {
    throw invalid('tool_choice', '`tool_choice` demands a tool call, and there are no `tools` to call.')
  }
  if (mode.kind === 'named' && !tools.some((tool) => tool.function.name === mode.name)) {
    throw invalid('tool_choice', `\`tool_choice\` names \`${mode.name}\`, which is not among the \`tools\`.`)
  }
  return { tools, mode, parallel: body.parallel_tool_calls !== false }
}

function readTool(value: unknown, index: number): FunctionTool {
  const tool = asObject(value)
  const at = `tools[${index}]`
  if (tool?.['type'] !== undefined && tool['type'] !== 'function') {
    throw unsupported(`${at}.type`, 'This model takes tools of type `function` only.')
  }
  const name = asObject(tool?.['function'])?.['name']
  if (typeof name !== 'string' || name === '') {
    throw invalid(`${at}.function.name`, `\`${at}.function.name\` must be a string.`)
  }
  return value as FunctionTool
}

interface Choice {
  readonly mode: ToolMode
  readonly allowed: ReadonlySet<unknown> | null
}

function readChoice(value: unknown): Choice {
  if (value === undefined || value === null) return { mode: { kind: 'auto' }, allowed: null }
  if (value === 'auto' || value === 'none' || value === 'required')
    return { mode: { kind: value }, allowed: null }
  const choice = asObject(value)
  if (choice?.['type'] === 'function') return { mode: { kind: 'named', name: nameIn(choice) }, allowed: null }
  if (choice?.['type'] === 'custom') throw unsupported('tool_choice', 'Custom tools are not supported.')
  const allowed = asObject(choice?.['allowed_tools'])
  const entries = allowed?.['tools']
  if (choice?.['type'] !== 'allowed_tools' || !Array.isArray(entries)) {
    throw invalid('tool_choice', '`tool_choice` is none of the forms there are.')
  }
  const kind = allowed?.['mode'] === 'required' ? 'required' : 'auto'
  return { mode: { kind }, allowed: new Set(entries.map((entry) => nameIn(asObject(entry) ?? {}))) }
}

/** `{function: {name}}`, or the Responses API's flat `{name}`. */
function nameIn(choice: Record<string, unknown>): string {
  const name = asObject(choice['function'])?.['name'] ?? choice['name']
  if (typeof name !== 'string') throw invalid('tool_choice', '`tool_choice` names no function.')
  return name
}
