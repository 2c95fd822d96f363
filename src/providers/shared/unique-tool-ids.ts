import type { ChatMessage, ChatRequest, ToolCall } from '../../core/openai.ts'

/**
 * The request with an id of its own for each tool call of its conversation. OpenAI takes conversations in which an id
 * comes again, and some models count their calls anew in every turn; other providers refuse them, or give a result to
 * the wrong call. A result answers the last call of its id, or, of several in one turn, the first without a result. The
 * same object where every id is the only one.
 */
export function withUniqueToolIds(body: ChatRequest): ChatRequest {
  const ids = body.messages.flatMap(({ tool_calls: calls }) => (calls ?? []).map(({ id }) => id))
  if (new Set(ids).size === ids.length) return body
  const taken = new Set<string>()
  /** What a result's id stands for: the calls of one turn that bear it, by their own new ids. */
  let waiting = new Map<string, string[]>()
  const renamed = (call: ToolCall, turn: Map<string, string[]>): ToolCall => {
    const { id } = call
    if (typeof id !== 'string') return call
    let own = id
    for (let count = 2; taken.has(own); count++) own = `${id}_${count}`
    taken.add(own)
    turn.set(id, [...(turn.get(id) ?? []), own])
    return own === id ? call : { ...call, id: own }
  }
  const messages = body.messages.map((message): ChatMessage => {
    const { tool_calls: calls, tool_call_id: id } = message
    if (message.role === 'tool' && typeof id === 'string') {
      const [first = id, ...others] = waiting.get(id) ?? []
      if (others.length > 0) waiting.set(id, others)
      return first === id ? message : { ...message, tool_call_id: first }
    }
    if (message.role !== 'assistant' || !calls?.length) return message
    const turn = new Map<string, string[]>()
    const own = calls.map((call) => renamed(call, turn))
    waiting = new Map([...waiting, ...turn])
    return { ...message, tool_calls: own }
  })
  return { ...body, messages }
}
