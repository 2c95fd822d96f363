import type { ChatRequest } from '../../core/openai.ts'
import { invalid } from './refusals.ts'

/** OpenAI's words, weakest first. Which of them a model takes is its own table's. */
export const reasoningEfforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

export type ReasoningEffort = (typeof reasoningEfforts)[number]

/** `reasoning_effort`; null where it is not given. Throws 400 `invalid_request` for another word. */
export function readReasoningEffort(body: ChatRequest): ReasoningEffort | null {
  const { reasoning_effort: value } = body
  if (value === undefined || value === null) return null
  const effort = reasoningEfforts.find((word) => word === value)
  if (effort !== undefined) return effort
  throw invalid('reasoning_effort', `\`reasoning_effort\` must be one of ${reasoningEfforts.join(', ')}.`)
}

/**
 * The asked effort where the model has it, else its next weaker one, else its weakest. Who asks for a little is not
 * given `none`.
 */
export function nearestEffort(asked: ReasoningEffort, offered: readonly string[]): string | null {
  const ranked = reasoningEfforts.filter(
    (word) => offered.includes(word) && (word !== 'none' || asked === 'none'),
  )
  const rank = reasoningEfforts.indexOf(asked)
  return ranked.findLast((word) => reasoningEfforts.indexOf(word) <= rank) ?? ranked[0] ?? null
}
