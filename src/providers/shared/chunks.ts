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
 * before everything else, each tool call has an index of its own that is never used again, and a tool call that
 * ends without arguments has `{}`.
 */
export interface Chunks {
  /** As the upstream names it, once it has; until then the connection's name of the model. */
  setModel(model: string): void
  /** Where the answer has begun: the role alone. */
  start(): void
  content(text: string): void
  reasoning(text: string): void
  thinking(block: ThinkingBlock): void
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

export function createChunks(call: ChatCall): Chunks {
  const legacy = usesLegacyFunctions(call.body)
  let model = call.connection.modelName
  let started = false
  let gathered: ChatChunk[] = []
  const tools: { hasArguments: boolean; ended: boolean }[] = []

  const emit = (delta: ChatDelta, reason: FinishReason | null = null) => {
    gathered.push({
      id: call.id,
      object: 'chat.completion.chunk',
      created: call.created,
      model,
      choices: [{ index: 0, delta, finish_reason: reason }],
    })
  }
  const start = () => {
    if (started) return
    started = true
    emit({ role: 'assistant', content: '' })
  }
  const add = (delta: ChatDelta) => {
    start()
    emit(delta)
  }
  const toolArguments = (index: number, fragment: string) => {
    const tool = tools[index]
    if (tool === undefined || fragment === '') return
    tool.hasArguments = true
    if (!legacy) add({ tool_calls: [{ index, function: { arguments: fragment } }] })
    else if (index === 0) add({ function_call: { arguments: fragment } })
  }
  const endTool = (index: number) => {
    const tool = tools[index]
    if (tool === undefined || tool.ended) return
    tool.ended = true
    if (!tool.hasArguments) toolArguments(index, '{}')
  }

  return {
    setModel: (name) => (model = name),
    start,
    content: (text) => text !== '' && add({ content: text }),
    reasoning: (text) => text !== '' && add({ reasoning_content: text }),
    thinking: (block) => add({ thinking_blocks: [block] }),
    refusal: (text) => text !== '' && add({ refusal: text }),
    startTool: ({ id, name, extraContent }) => {
      const index = tools.push({ hasArguments: false, ended: false }) - 1
      const extra = extraContent === undefined ? {} : { extra_content: extraContent }
      if (!legacy) {
        add({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' }, ...extra }] })
      } else if (index === 0) {
        add({ function_call: { name, arguments: '' } })
      }
      return index
    },
    toolArguments,
    endTool,
    finish: (reason) => {
      for (const index of tools.keys()) endTool(index)
      start()
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
