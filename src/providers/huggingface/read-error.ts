import { GatewayError } from '../../core/errors.ts'
import type { UpstreamFailure } from '../../core/provider.ts'
import { readError as readOpenAIError } from '../openai/read-error.ts'
import { asCount, parseObject } from '../shared/json.ts'
import { upstreamError } from '../shared/upstream-error.ts'

/** A model that one of the router's hosts does not serve. */
const notServed = /^(?:the )?(?:requested )?model\b.{0,200}\bnot supported (?:by provider|for task)/i
/** Text Generation Inference's words for a prompt that is too long. */
const tooLong = /`inputs`.{0,60}must (?:be <=|have less than)/

/**
 * Hugging Face's errors, of the router, its hosts and TGI (providers' facts §11): OpenAI's forms, and a 503 of a model
 * that is being loaded, whose `estimated_time` (seconds) is how long to wait. Total.
 */
export function readError(failure: UpstreamFailure): GatewayError {
  const error = readOpenAIError(failure)
  const { status } = failure
  const message = error.upstream?.message ?? ''
  if (error.reason === 'provider_down') {
    const seconds = parseObject(failure.body)?.['estimated_time']
    if (asCount(seconds) === null || error.retryAfterMs !== undefined) return error
    const retryAfterMs = Math.ceil(Number(seconds) * 1000)
    return upstreamError({ status, message, reason: 'provider_down', retryAfterMs })
  }
  if (error.code !== 'invalid_request') return error
  if (notServed.test(message)) return upstreamError({ status, message, reason: 'model_not_found' })
  return tooLong.test(message)
    ? new GatewayError('context_length_exceeded', message, { upstream: { status, message } })
    : error
}
