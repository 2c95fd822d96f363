import { GatewayError } from '../../core/errors.ts'
import type { FinishReason } from '../../core/openai.ts'

const finishes: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>(
  Object.entries({
    end_turn: 'stop',
    stop_sequence: 'stop',
    tool_use: 'tool_calls',
    max_tokens: 'length',
    model_context_window_exceeded: 'length',
    guardrail_intervened: 'content_filter',
    content_filtered: 'content_filter',
    refusal: 'content_filter',
  }),
)

/** Ends in which the model's own output could not be read. */
const malformedOutputs = new Set(['malformed_model_output', 'malformed_tool_use'])

/**
 * OpenAI's finish reason for a `stopReason`; a call that is not shown as one (`toolCalls` is 0) is no end of its own.
 * Throws GatewayError (502) for output that Bedrock itself could not read: no word against the connection, since a
 * prompt can bring it about.
 */
export function finishReason(stopReason: string, toolCalls: number): FinishReason {
  if (malformedOutputs.has(stopReason)) {
    throw new GatewayError('upstream_error', `The model's output could not be read (${stopReason}).`)
  }
  const finish = finishes.get(stopReason) ?? 'stop'
  return finish === 'tool_calls' && toolCalls === 0 ? 'stop' : finish
}
