import type { ChatMessage, FunctionTool } from '../../core/openai.ts'

/**
 * A bare tool for each function that was called in a conversation. Claude refuses a history with tool calls when the
 * request itself has no tools (providers' facts §7.5): these stand in for them.
 */
export function toolsInHistory(messages: readonly ChatMessage[]): FunctionTool[] {
  const names = messages.flatMap((message) => (message.tool_calls ?? []).map((call) => call.function?.name))
  const known = new Set(names.filter((name) => typeof name === 'string' && name !== ''))
  return [...known].map((name) => ({ type: 'function', function: { name, parameters: { type: 'object' } } }))
}
