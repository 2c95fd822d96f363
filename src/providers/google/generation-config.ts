import type { ChatRequest } from '../../core/openai.ts'
import { readNumber } from '../shared/numbers.ts'
import { invalid, unsupported } from '../shared/refusals.ts'
import { readStop } from '../shared/stop.ts'
import { readTokenLimit } from '../shared/token-limit.ts'
import type { GeminiCapabilities } from './models.ts'
import type { GenerationConfig } from './types.ts'

const mostStops = 5

/** The client's names of what goes as a plain number. */
const numbers = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
} as const
const penalties = { presence_penalty: 'presencePenalty', frequency_penalty: 'frequencyPenalty' } as const

export interface PlannedGeneration {
  readonly config: GenerationConfig
  readonly dropped: readonly string[]
}

/**
 * Limits and sampling (providers' facts §8.2). Throws 400: `unsupported_parameter` for more choices or stops than the
 * model has, or log probabilities it does not give; `invalid_request` for what is no number.
 */
export function planGeneration(body: ChatRequest, capabilities: GeminiCapabilities): PlannedGeneration {
  const maxOutputTokens = readTokenLimit(body)
  const stopSequences = readStop(body)
  if (stopSequences.length > mostStops) {
    throw unsupported('stop', `Google takes ${mostStops} stop sequences at most.`)
  }
  const hasPenalties = readNumbers(body, penalties)
  const seed = readNumber(body, 'seed')
  const takesSeed = seed !== null && (seed | 0) === seed
  const candidateCount = readCandidates(body, capabilities)
  return {
    config: {
      ...(maxOutputTokens === null ? {} : { maxOutputTokens }),
      ...readNumbers(body, numbers),
      ...(takesSeed ? { seed } : {}),
      ...(candidateCount > 1 ? { candidateCount } : {}),
      ...(stopSequences.length === 0 ? {} : { stopSequences }),
      ...(capabilities.penalties ? hasPenalties : {}),
      ...readLogprobs(body, capabilities),
    },
    dropped: [
      // Google's is of 32 bits, and OpenAI's any whole number.
      ...(seed === null || takesSeed ? [] : ['seed']),
      ...(capabilities.penalties ? [] : Object.keys(penalties).filter((name) => Boolean(body[name]))),
    ],
  }
}

function readNumbers(body: ChatRequest, names: Readonly<Record<string, string>>): GenerationConfig {
  const entries = Object.entries(names).flatMap(([name, theirs]) => {
    const value = readNumber(body, name)
    return value === null ? [] : [[theirs, value]]
  })
  return Object.fromEntries(entries) as GenerationConfig
}

function readCandidates({ n }: ChatRequest, { max_candidates: most }: GeminiCapabilities): number {
  if (n === undefined || n === null) return 1
  if (!Number.isInteger(n) || n < 1) throw invalid('n', '`n` must be a positive integer.')
  if (n > most) throw unsupported('n', `This model gives ${most} choices at most.`)
  return n
}

function readLogprobs(body: ChatRequest, capabilities: GeminiCapabilities): GenerationConfig {
  const top = readNumber(body, 'top_logprobs')
  if (body.logprobs !== true) {
    if ((top ?? 0) > 0) throw invalid('top_logprobs', '`top_logprobs` needs `logprobs: true`.')
    return {}
  }
  if (!capabilities.logprobs) throw unsupported('logprobs', 'This model gives no log probabilities.')
  return { responseLogprobs: true, ...(top !== null && top > 0 ? { logprobs: top } : {}) }
}
