import type { FinishReason } from '../../core/openai.ts'

/** Anthropic's `stop_reason` in OpenAI's words (providers' facts §6.5); one that is not known yet is a `stop`. */
export function mapFinishReason(stopReason: unknown, hasToolCalls: boolean): FinishReason {
  switch (stopReason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length'
    case 'refusal':
      return 'content_filter'
    case 'tool_use':
      // Where the only call was the tool that stands for the answer, or one that the provider ran itself.
      return hasToolCalls ? 'tool_calls' : 'stop'
    default:
      return 'stop'
  }
}
