import type { GatewayError } from '../../core/errors.ts'
import type { FinishReason } from '../../core/openai.ts'
import type { Usage } from '../../core/usage.ts'
import { asCount, asObject, asText, type JsonObject } from '../shared/json.ts'
import { upstreamError } from '../shared/upstream-error.ts'

/**
 * Cohere's `finish_reason` in OpenAI's words (providers' facts §10.3); one that is not known yet is a `stop`.
 * Throws the failure that `ERROR` and `TIMEOUT` mean, with its words where there are any.
 */
export function finishReason(ending: JsonObject, hasToolCalls: boolean): FinishReason {
  const reason = ending['finish_reason']
  const failure = asText(ending['error'])
  if (failure !== null || reason === 'ERROR' || reason === 'TIMEOUT') throw failed(ending, failure)
  if (reason === 'MAX_TOKENS') return 'length'
  return hasToolCalls ? 'tool_calls' : 'stop'
}

/** A call that the model could not put together is the request's own: Cohere says to try another. */
function failed(ending: JsonObject, message: string | null): GatewayError {
  const said = message ?? 'The provider ended the answer with an error.'
  if (ending['error_type'] === 'INVALID_TOOL_GENERATION' || /invalid tool generation/i.test(said)) {
    return upstreamError({ status: 422, message: said, reason: null, inStream: true })
  }
  const isTimeout = ending['finish_reason'] === 'TIMEOUT'
  const reason = isTimeout ? 'timeout' : 'provider_down'
  return upstreamError({ status: isTimeout ? 504 : 500, message: said, reason, inStream: true })
}

/** Tokens as Cohere counted them, or as it bills them where it says nothing else; null where it is silent. */
export function readUsage(value: unknown): Usage | null {
  const usage = asObject(value)
  const tokens = asObject(usage?.['tokens'])
  const billed = asObject(usage?.['billed_units'])
  const input = asCount(tokens?.['input_tokens'] ?? billed?.['input_tokens'])
  const output = asCount(tokens?.['output_tokens'] ?? billed?.['output_tokens'])
  if (input === null && output === null) return null
  return {
    input: input ?? 0,
    output: output ?? 0,
    cachedInput: asCount(usage?.['cached_tokens']) ?? 0,
    cacheWrite: 0,
    reasoning: 0,
  }
}

/**
 * Cohere's log probabilities, an object or a list of them, in OpenAI's form; undefined for none. A text of several
 * tokens stays one, with the product of their probabilities.
 */
export function readLogprobs(value: unknown): { content: object[]; refusal: null } | undefined {
  const items = (Array.isArray(value) ? (value as unknown[]) : [value]).map(asObject)
  const content = items.flatMap((item) => {
    const numbers: unknown = item?.['logprobs']
    const token = item?.['text']
    if (typeof token !== 'string' || !Array.isArray(numbers)) return []
    const logprob = numbers.reduce((sum: number, one) => sum + (typeof one === 'number' ? one : 0), 0)
    return [{ token, logprob, bytes: [...Buffer.from(token)], top_logprobs: [] }]
  })
  return content.length === 0 ? undefined : { content, refusal: null }
}
