import type { GatewayError } from '../../core/errors.ts'
import type { FailureReason } from '../../core/failure.ts'
import type { UpstreamFailure } from '../../core/provider.ts'
import { readError as readOpenAIError } from '../openai/read-error.ts'
import { upstreamError } from '../shared/upstream-error.ts'

/** What the hosted catalogue says of the function behind a model, by status. */
const functionFaults: readonly (readonly [status: number, text: RegExp, reason: FailureReason])[] = [
  [400, /\bDEGRADED function cannot be invoked/, 'provider_down'],
  [404, /^404 page not found/, 'model_not_found'],
]

/** OpenAI's errors in FastAPI's and NVIDIA's forms (providers' facts §12), and two that are no fault of the request. Total. */
export function readError(failure: UpstreamFailure): GatewayError {
  const error = readOpenAIError(failure)
  const message = error.upstream?.message ?? ''
  const { status } = failure
  const fault = functionFaults.find(([at, text]) => at === status && text.test(message))
  return fault === undefined ? error : upstreamError({ status, message, reason: fault[2] })
}
