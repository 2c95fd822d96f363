import type { ChatCompletion, ChatMessage, ChatRequest, FunctionTool, ToolCall } from '../../core/openai.ts'
import { asObject, type JsonObject } from './json.ts'

/** The client speaks OpenAI's old form (`functions`), and reads only that in the answer. */
export function usesLegacyFunctions(body: ChatRequest): boolean {
  return Array.isArray(body['functions']) && (body.tools ?? null) === null
}

/**
 * `functions`, `function_call` and messages of the role `function` in today's form: tools, `tool_choice` and tool
 * messages, so that only one form is translated. The old form knows one call at a time and no ids: a call is named by
 * its place, and a result answers the call before it.
 */
export function withoutLegacyFunctions(body: ChatRequest): ChatRequest {
  const hasOldMessages = body.messages.some((message) => isOldMessage(message))
  if (!usesLegacyFunctions(body) && !hasOldMessages) return body
  const { functions, function_call: choice, ...rest } = body
  const messages = hasOldMessages ? modernMessages(body.messages) : body.messages
  if (!usesLegacyFunctions(body)) return { ...body, messages }
  const tools = (functions as unknown[]).map(
    (entry) => ({ type: 'function', function: entry }) as FunctionTool,
  )
  const name = asObject(choice)?.['name']
  const toolChoice = typeof name === 'string' ? { type: 'function', function: { name } } : choice
  const chosen =
    toolChoice === undefined ? {} : { tool_choice: toolChoice as ChatRequest['tool_choice'] & {} }
  return { ...rest, model: body.model, messages, tools, ...chosen, parallel_tool_calls: false }
}

/** A whole answer in the old form: the first tool call as `function_call`. */
export function asLegacyMessage(message: ChatCompletion['choices'][number]['message']): typeof message {
  const { tool_calls: calls, ...rest } = message
  const first = calls?.[0]
  return first === undefined ? rest : { ...rest, function_call: first.function }
}

function isOldMessage(message: ChatMessage): boolean {
  return message.role === 'function' || oldCall(message) !== null
}

function oldCall(message: ChatMessage): JsonObject | null {
  return message.role === 'assistant' && (message.tool_calls ?? null) === null
    ? asObject(message.function_call)
    : null
}

function modernMessages(messages: readonly ChatMessage[]): ChatMessage[] {
  let lastId = 'call_0'
  return messages.map((message, index) => {
    if (message.role === 'function') {
      return { role: 'tool', tool_call_id: lastId, content: message.content ?? '' }
    }
    const call = oldCall(message)
    if (call === null) return message
    lastId = `call_${index}`
    const { function_call: _call, ...rest } = message
    return { ...rest, tool_calls: [{ id: lastId, type: 'function', function: call } as unknown as ToolCall] }
  })
}
