import type { ChatRequest } from '../../core/openai.ts'
import type { JsonObject } from '../shared/json.ts'
import { readNumber } from '../shared/numbers.ts'
import { unsupported } from '../shared/refusals.ts'
import { readStop } from '../shared/stop.ts'
import { isBlank } from '../shared/text.ts'

export interface InferenceOptions {
  readonly maxTokens: number | null
  /** False where the model refuses `temperature`, `top_p` and `top_k`, or thinks. */
  readonly sampling: boolean
  /** Where `top_k` goes in the native body, as the table of families says. */
  readonly topK: string
  /** Takes one of `temperature` and `top_p`, and no stop sequence of white space. */
  readonly isClaude: boolean
}

export interface InferencePlan {
  readonly inferenceConfig: JsonObject
  /** For the native body. */
  readonly fields: JsonObject
  readonly dropped: readonly string[]
}

const names = ['temperature', 'top_p', 'top_k'] as const

/**
 * `inferenceConfig`, and `top_k`, which Converse does not know. `temperature`, which is 0 to 2 with OpenAI, is at most
 * 1. A dropped value of 1, OpenAI's default, is not named. Throws 400 for what is no number.
 */
export function planInference(body: ChatRequest, options: InferenceOptions): InferencePlan {
  const { maxTokens, sampling, topK: topKName, isClaude } = options
  const temperature = readNumber(body, 'temperature')
  const topP = readNumber(body, 'top_p')
  const topK = readNumber(body, 'top_k')
  const takes = {
    temperature: sampling,
    top_p: sampling && !(isClaude && temperature !== null),
    top_k: sampling && topKName !== 'none',
  }
  const isAsked = {
    temperature: (temperature ?? 1) !== 1,
    top_p: (topP ?? 1) !== 1,
    top_k: topK !== null,
  }
  const stop = readStop(body)
  if (isClaude && stop.some(isBlank))
    throw unsupported('stop', 'Claude takes no stop sequence of white space alone.')
  return {
    inferenceConfig: {
      ...(maxTokens === null ? {} : { maxTokens }),
      ...(temperature === null || !takes.temperature
        ? {}
        : { temperature: Math.min(1, Math.max(0, temperature)) }),
      ...(topP === null || !takes.top_p ? {} : { topP }),
      ...(stop.length === 0 ? {} : { stopSequences: stop }),
    },
    fields: topK === null || !takes.top_k ? {} : topKFields(topKName, topK),
    dropped: names.filter((name) => !takes[name] && isAsked[name]),
  }
}

function topKFields(name: string, topK: number): JsonObject {
  return name === 'nova' ? { inferenceConfig: { topK } } : { [name]: topK }
}
