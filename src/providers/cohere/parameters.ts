import type { ChatRequest } from '../../core/openai.ts'
import { readNumber } from '../shared/numbers.ts'
import { unsupported } from '../shared/refusals.ts'
import { readStop } from '../shared/stop.ts'
import type { CohereCapabilities } from './models.ts'

/** Parameters that a request is built from; whatever else a client sends is dropped and named. */
export const honouredParams: ReadonlySet<string> = new Set([
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'logprobs',
  'modalities',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'functions',
  'function_call',
  'response_format',
  'reasoning_effort',
  'thinking',
  'service_tier',
  'documents',
  'safety_mode',
  'citation_options',
  'priority',
])

export interface ParametersPlan {
  readonly fields: Readonly<Record<string, unknown>>
  readonly dropped: readonly string[]
}

const mostStops = 5
/** Cohere's own parameters, as its clients write them. */
const extensions = ['safety_mode', 'citation_options', 'priority']

/**
 * The parameters that stand alone (providers' facts §10.2); what is out of Cohere's range is clamped.
 * Throws 400: `unsupported_parameter` for more than five stop sequences, `invalid_request` for what is no number.
 */
export function plainParams(body: ChatRequest, capabilities: CohereCapabilities): ParametersPlan {
  const penalties = planPenalties(body, capabilities)
  const stop = readStop(body)
  if (stop.length > mostStops) {
    throw unsupported('stop', `Cohere takes ${mostStops} stop sequences at most.`)
  }
  const temperature = readNumber(body, 'temperature')
  const topP = readNumber(body, 'top_p')
  const topK = readNumber(body, 'top_k')
  const seed = readNumber(body, 'seed')
  const takesSeed = seed !== null && Number.isInteger(seed) && seed >= 0
  const tier = readTier(body)
  const own = extensions.filter((name) => body[name] !== undefined && body[name] !== null)
  return {
    fields: {
      ...(temperature === null ? {} : { temperature }),
      ...(topP === null ? {} : { p: clamp(topP, 0.01, 0.99) }),
      ...(topK === null ? {} : { k: clamp(Math.round(topK), 0, 500) }),
      ...(stop.length === 0 ? {} : { stop_sequences: stop }),
      ...(takesSeed ? { seed } : {}),
      ...(body.logprobs === true ? { logprobs: true } : {}),
      ...penalties.fields,
      ...tier.fields,
      ...Object.fromEntries(own.map((name) => [name, body[name]])),
    },
    dropped: [...penalties.dropped, ...(seed === null || takesSeed ? [] : ['seed']), ...tier.dropped],
  }
}

/** 0 to 1 with Cohere: a negative one, which asks for the opposite, is dropped; so is the second of two. */
function planPenalties(body: ChatRequest, { both_penalties: both }: CohereCapabilities): ParametersPlan {
  const fields: Record<string, number> = {}
  const dropped: string[] = []
  for (const name of ['frequency_penalty', 'presence_penalty'] as const) {
    const value = readNumber(body, name)
    if (value === null || value === 0) continue
    const hasOther = Object.keys(fields).length > 0
    if (value < 0 || (hasOther && !both)) dropped.push(name)
    else fields[name] = Math.min(1, value)
  }
  return { fields, dropped }
}

/** Cohere's `priority`: 0, the default, is served first, 999 last. */
function readTier({ service_tier: tier, priority }: ChatRequest): ParametersPlan {
  if (tier === undefined || tier === null || tier === 'auto' || tier === 'default') {
    return { fields: {}, dropped: [] }
  }
  if (tier === 'flex' && (priority === undefined || priority === null)) {
    return { fields: { priority: 999 }, dropped: [] }
  }
  return { fields: {}, dropped: ['service_tier'] }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
