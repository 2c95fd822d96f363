import type { ChatRequest } from '../../core/openai.ts'
import { readNumber } from '../shared/numbers.ts'
import type { MessagesBody } from './types.ts'

export interface SamplingPlan {
  readonly fields: Pick<MessagesBody, 'temperature' | 'top_p' | 'top_k'>
  readonly dropped: readonly string[]
}

/**
 * `temperature`, `top_p` and `top_k` (providers' facts §6.2): none where the model refuses them or thinks, `top_p` not
 * beside `temperature`, and `temperature`, which is 0 to 2 with OpenAI, at most 1. A dropped value of 1, OpenAI's
 * default, is not named. Throws 400 `invalid_request` for what is no number.
 */
export function planSampling(body: ChatRequest, isTaken: boolean): SamplingPlan {
  const temperature = readNumber(body, 'temperature')
  const topP = readNumber(body, 'top_p')
  const topK = readNumber(body, 'top_k')
  const dropped: string[] = []
  const keep = (name: 'temperature' | 'top_p' | 'top_k', value: number | null, isKept: boolean) => {
    if (value !== null && isKept) return { [name]: value }
    if (value !== null && (value !== 1 || name === 'top_k')) dropped.push(name)
    return {}
  }
  return {
    fields: {
      ...keep('temperature', temperature === null ? null : Math.min(1, Math.max(0, temperature)), isTaken),
      ...keep('top_p', topP, isTaken && temperature === null),
      ...keep('top_k', topK, isTaken),
    },
    dropped,
  }
}
