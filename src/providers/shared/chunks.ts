import type { ChatChunk, ChatDelta, FinishReason, ThinkingBlock } from '../../core/openai.ts'
import type { ChatCall } from '../../core/provider.ts'
import { usesLegacyFunctions } from './legacy-functions.ts'

export interface ToolStart {
  readonly id: string
  readonly name: string
  /** Vendor data of the call (Google's thought signature). */
  readonly extraContent?: { google?: { thought_signature?: string } }
}

/**
 * OpenAI's chunks of one answer (providers' facts §2.4): gathered call by call, handed out by `take`. The role goes
 * before everything else, with the content that OpenAI writes beside it: `''` where text follows, null before a tool
 * call; so it waits until the first of the answer says which. Each tool call has an index of its own that is never used
 * again, and a tool call that ends without arguments has `{}`.
 */
export interface Chunks {
  /** As the upstream names it, once it has; until then the connection's name of the model. */
  setModel(model: string): void
  content(text: string, logprobs?: unknown): void
  reasoning(text: string): void
  thinking(block: ThinkingBlock): void
  toolPlan(text: string): void
  refusal(text: string): void
  /** Answers the call's own index, for `toolArguments` and `endTool`. */
  startTool(tool: ToolStart): number
  toolArguments(index: number, fragment: string): void
  endTool(index: number): void
  /** Ends what is open, and says why the answer ended. */
  finish(reason: FinishReason): void
  readonly toolCount: number
  /** What has been gathered since the last time. */
  take(): ChatChunk[]
}

/** `index`: which of the answer's choices this is. */
export function createChunks(call: ChatCall, index = 0): Chunks {
  const legacy = usesLegacyFunctions(call.body)
  let model = call.connection.modelName
  let started = false
  /** There has been text, or it can be none any more. */
  let hasContent = false
  let gathered: ChatChunk[] = []
  const tools: { hasArguments: boolean; ended: boolean }[] = []

  const emit = (delta: ChatDelta, reason: FinishReason | null = null, logprobs?: unknown) => {
    gathered.push({
      id: call.id,
      object: 'chat.completion.chunk',
      created: call.created,
      model,
      choices: [{ index, delta, finish_reason: reason, ...(logprobs === undefined ? {} : { logprobs }) }],
    })
  }
  const add = (delta: ChatDelta, logprobs?: unknown) => {
    const isText = delta.content !== undefined
    if (!started) emit({ role: 'assistant', content: isText ? '' : null })
    started = true
    hasContent ||= isText || delta.tool_calls !== undefined || delta.function_call !== undefined
    emit(delta, null, logprobs)
  }
  const toolArguments = (at: number, fragment: string) => {
    const tool = tools[at]
    if (tool === undefined || fragment === '') return
    tool.hasArguments = true
    if (!legacy) add({ tool_calls: [{ index: at, function: { arguments: fragment } }] })
    else if (at === 0) add({ function_call: { arguments: fragment } })
  }
  const endTool = (at: number) => {
    const tool = tools[at]
    if (tool === undefined || tool.ended) return
    tool.ended = true
    if (!tool.hasArguments) toolArguments(at, '{}')
  }

  return {
    setModel: (name) => (model = name),
    content: (text, logprobs) => text !== '' && add({ content: text }, logprobs),
    reasoning: (text) => text !== '' && add({ reasoning_content: text }),
    thinking: (block) => add({ thinking_blocks: [block] }),
    toolPlan: (text) => text !== '' && add({ tool_plan: text }),
    refusal: (text) => text !== '' && add({ refusal: text }),
    startTool: ({ id, name, extraContent }) => {
      const at = tools.push({ hasArguments: false, ended: false }) - 1
      const extra = extraContent === undefined ? {} : { extra_content: extraContent }
      if (!legacy) {
        add({
          tool_calls: [{ index: at, id, type: 'function', function: { name, arguments: '' }, ...extra }],
        })
      } else if (at === 0) {
        add({ function_call: { name, arguments: '' } })
      }
      return at
    },
    toolArguments,
    endTool,
    finish: (reason) => {
      for (const at of tools.keys()) endTool(at)
      // No text at all, which is not the null that tool calls have.
      if (!started) emit({ role: 'assistant', content: '' })
      else if (!hasContent) emit({ content: '' })
      emit({}, legacy && reason === 'tool_calls' ? 'function_call' : reason)
    },
    get toolCount() {
      return tools.length
    },
    take: () => {
      const taken = gathered
      gathered = []
      return taken
    },
  }
}
