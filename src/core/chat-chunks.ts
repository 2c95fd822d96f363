import type { ChatChunk, ChatCompletion, UsageBody } from './openai.ts'
import type { Usage } from './usage.ts'

/** Chat chunks on the wire: `data: {…}` and an empty line. */
export function sseEvent(body: unknown): string {
  return `data: ${JSON.stringify(body)}\n\n`
}

/** Something that the client sees: content, reasoning, a tool call or a finish; not a role. */
export function isReal(chunk: ChatChunk): boolean {
  return chunk.choices.some(({ delta, finish_reason }) => {
    if (finish_reason !== null) return true
    return Boolean(
      delta.content || delta.reasoning_content || delta.refusal || delta.function_call || hasItems(delta),
    )
  })
}

function hasItems(delta: ChatChunk['choices'][number]['delta']): boolean {
  return (delta.tool_calls?.length ?? 0) > 0 || (delta.thinking_blocks?.length ?? 0) > 0
}

/** OpenAI's usage chunk: no choices, sent last and only to those who asked. */
export function usageChunk(id: string, created: number, model: string, usage: Usage): ChatChunk {
  return { id, object: 'chat.completion.chunk', created, model, choices: [], usage: usageBody(usage) }
}

export function usageBody(usage: Usage): UsageBody {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cachedInput, cache_write_tokens: usage.cacheWrite },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  }
}

/** A whole answer as the stream a client asked for, where the upstream cannot stream. */
export function asChunks(completion: ChatCompletion): ChatChunk[] {
  const head = {
    id: completion.id,
    object: 'chat.completion.chunk' as const,
    created: completion.created,
    model: completion.model,
  }
  return completion.choices.flatMap(({ index, message, finish_reason }) => {
    const { tool_calls, ...delta } = message
    const calls = tool_calls?.map((call, position) => ({ index: position, ...call }))
    const whole = calls === undefined ? delta : { ...delta, tool_calls: calls }
    return [
      { ...head, choices: [{ index, delta: whole, finish_reason: null }] },
      { ...head, choices: [{ index, delta: {}, finish_reason }] },
    ]
  })
}
