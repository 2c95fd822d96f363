import { GatewayError } from '../../core/errors.ts'
import type { FinishReason } from '../../core/openai.ts'

const reasons: Readonly<Record<string, FinishReason>> = {
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  MODEL_ARMOR: 'content_filter',
}
/** The model wrote a call that Google could not read. */
const failures = new Set(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS'])

/**
 * OpenAI's word for why an answer ended (providers' facts §8.4). A call that did come is an answer. Throws GatewayError
 * (502) where the model could not write its call: no word against the connection, since a prompt can bring it about.
 */
export function mapFinishReason(reason: string, hasToolCalls: boolean): FinishReason {
  if (Object.hasOwn(reasons, reason)) return reasons[reason] as FinishReason
  if (reason.startsWith('IMAGE_')) return 'content_filter'
  if (hasToolCalls) return 'tool_calls'
  if (!failures.has(reason)) return 'stop'
  throw new GatewayError('upstream_error', `The model failed to write a tool call (${reason}).`)
}
