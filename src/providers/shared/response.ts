import { usageBody } from '../../core/chat-chunks.ts'
import type { ChatCompletion, FinishReason, ThinkingBlock, ToolCall } from '../../core/openai.ts'
import type { ChatCall } from '../../core/provider.ts'
import type { Usage } from '../../core/usage.ts'
import { asLegacyMessage, usesLegacyFunctions } from './legacy-functions.ts'

export interface CompletionParts {
  readonly call: ChatCall
  /** As the upstream names it. */
  readonly model: string
  /** All text; `''` becomes null where there are tool calls, as OpenAI writes it. */
  readonly content: string
  readonly toolCalls?: readonly AnsweredCall[]
  readonly reasoning?: string
  readonly thinkingBlocks?: readonly ThinkingBlock[]
  readonly toolPlan?: string
  readonly refusal?: string | null
  readonly finishReason: FinishReason
  readonly logprobs?: unknown
  readonly usage: Usage | null
}

export interface AnsweredCall {
  readonly id: string
  readonly name: string
  readonly arguments: string
  /** Vendor data of the call (Google's thought signature). */
  readonly extraContent?: ToolCall['extra_content']
}

/** OpenAI's answer of one choice (providers' facts §2.3), in the old `function_call` form for who asked in it. */
export function completion(parts: CompletionParts): ChatCompletion {
  const { call, model, content, toolCalls = [], reasoning = '', thinkingBlocks = [], usage } = parts
  const message: ChatCompletion['choices'][number]['message'] = {
    role: 'assistant',
    content: content === '' && toolCalls.length > 0 ? null : content,
    refusal: parts.refusal ?? null,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(thinkingBlocks.length === 0 ? {} : { thinking_blocks: [...thinkingBlocks] }),
    ...(parts.toolPlan ? { tool_plan: parts.toolPlan } : {}),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(toolCall) }),
  }
  const legacy = usesLegacyFunctions(call.body)
  const finish = legacy && parts.finishReason === 'tool_calls' ? 'function_call' : parts.finishReason
  return {
    id: call.id,
    object: 'chat.completion',
    created: call.created,
    model,
    choices: [
      {
        index: 0,
        message: legacy ? asLegacyMessage(message) : message,
        finish_reason: finish,
        logprobs: parts.logprobs ?? null,
      },
    ],
    ...(usage === null ? {} : { usage: usageBody(usage) }),
  }
}

function toolCall({ id, name, arguments: text, extraContent }: AnsweredCall): ToolCall {
  const extra = extraContent === undefined ? {} : { extra_content: extraContent }
  return { id, type: 'function', function: { name, arguments: text }, ...extra }
}
