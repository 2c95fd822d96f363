import type { ChatRequest } from '../../core/openai.ts'
import { asCount, asObject } from '../shared/json.ts'
import { type ReasoningEffort, readReasoningEffort } from '../shared/reasoning-effort.ts'
import type { CohereCapabilities } from './models.ts'

export interface ThinkingPlan {
  readonly fields: {
    readonly thinking?: { readonly type: 'enabled' | 'disabled'; readonly token_budget?: number }
  }
  readonly dropped: readonly string[]
}

/** Without a budget the model thinks as long as it will, which is what the strongest efforts ask for. */
const budgets: Readonly<Partial<Record<ReasoningEffort, number>>> = { minimal: 512, low: 2048, medium: 8192 }

/**
 * `reasoning_effort`, or Cohere's own `thinking` where a client sends it (providers' facts §10.2). A budget stays
 * below the limit of tokens, which it is part of. A model that does not think is asked for nothing.
 */
export function planThinking(
  body: ChatRequest,
  { reasoning }: CohereCapabilities,
  maxTokens: number | null,
): ThinkingPlan {
  const effort = readReasoningEffort(body)
  const own = asObject(body['thinking'])
  if (!reasoning) return { fields: {}, dropped: notTaken(own, effort) }
  if (own === null && effort === null) return { fields: {}, dropped: [] }
  const dropped = own !== null && effort !== null ? ['reasoning_effort'] : []
  const isOff = own === null ? effort === 'none' : own['type'] === 'disabled'
  if (isOff) return { fields: { thinking: { type: 'disabled' } }, dropped }
  const asked = own === null ? budgetOf(effort) : asCount(own['token_budget'] ?? own['budget_tokens'])
  if (asked === null) return { fields: { thinking: { type: 'enabled' } }, dropped }
  const budget = maxTokens === null ? asked : Math.max(1, Math.min(asked, maxTokens - 1))
  return { fields: { thinking: { type: 'enabled', token_budget: budget } }, dropped }
}

function budgetOf(effort: ReasoningEffort | null): number | null {
  return effort === null ? null : (budgets[effort] ?? null)
}

/** Not to think is no loss with a model that cannot. */
function notTaken(own: Record<string, unknown> | null, effort: ReasoningEffort | null): string[] {
  return [
    ...(own === null || own['type'] === 'disabled' ? [] : ['thinking']),
    ...(effort === null || effort === 'none' ? [] : ['reasoning_effort']),
  ]
}
