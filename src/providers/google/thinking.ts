import type { ChatRequest } from '../../core/openai.ts'
import { nearestEffort, type ReasoningEffort, readReasoningEffort } from '../shared/reasoning-effort.ts'
import type { GeminiCapabilities } from './models.ts'
import type { ThinkingConfig } from './types.ts'

export interface ThinkingPlan {
  /** null: the model decides by itself. */
  readonly config: ThinkingConfig | null
  readonly dropped: readonly string[]
}

const budgets: Record<Exclude<ReasoningEffort, 'none'>, number> = {
  minimal: 512,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
}

/**
 * `reasoning_effort` as a budget or a level, never both, which is refused (providers' facts §8.2); with it the summary
 * of the thoughts is asked for. A model that cannot stop thinking gets the least there is, and the effort counts as
 * dropped. Throws 400 `invalid_request` for a word that is none.
 */
export function planThinking(body: ChatRequest, capabilities: GeminiCapabilities): ThinkingPlan {
  const effort = readReasoningEffort(body)
  if (effort === null) return { config: null, dropped: [] }
  switch (capabilities.thinking) {
    case 'budget':
      return byBudget(effort, capabilities)
    case 'level':
      return byLevel(effort, capabilities)
    default:
      return { config: null, dropped: effort === 'none' ? [] : ['reasoning_effort'] }
  }
}

function byBudget(effort: ReasoningEffort, { min_budget: least, max_budget: most }: GeminiCapabilities) {
  if (effort === 'none') {
    return { config: { thinkingBudget: least }, dropped: least > 0 ? ['reasoning_effort'] : [] }
  }
  const thinkingBudget = Math.min(Math.max(budgets[effort], least), most)
  return { config: { thinkingBudget, includeThoughts: true as const }, dropped: [] }
}

function byLevel(effort: ReasoningEffort, { levels }: GeminiCapabilities): ThinkingPlan {
  const level = nearestEffort(effort, levels.split(' '))
  if (level === null) return { config: null, dropped: ['reasoning_effort'] }
  const thinkingLevel = level.toUpperCase()
  if (effort === 'none') return { config: { thinkingLevel }, dropped: ['reasoning_effort'] }
  return { config: { thinkingLevel, includeThoughts: true }, dropped: [] }
}
