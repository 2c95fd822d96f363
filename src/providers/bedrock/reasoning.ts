import type { ChatRequest } from '../../core/openai.ts'
import type { ClaudeCapabilities } from '../anthropic/models.ts'
import { planThinking } from '../anthropic/thinking.ts'
import type { JsonObject } from '../shared/json.ts'
import { nearestEffort, readReasoningEffort } from '../shared/reasoning-effort.ts'
import { readTokenLimit } from '../shared/token-limit.ts'
import type { BedrockCapabilities } from './families.ts'

export interface ReasoningOptions {
  readonly body: ChatRequest
  readonly capabilities: BedrockCapabilities
  /** Null for every other model. */
  readonly claude: ClaudeCapabilities | null
  readonly stream: boolean
  /** False where the turn under way has tool calls without their signed thinking: it cannot go on thinking. */
  readonly mayThink: boolean
}

export interface ReasoningPlan {
  /** Thinking is asked for: no sampling parameters. */
  readonly on: boolean
  /** For the native body. */
  readonly fields: JsonObject
  /** null: the model's own. */
  readonly maxTokens: number | null
  readonly dropped: readonly string[]
}

/**
 * `reasoning_effort` and the token limit, in the words of the model's family (providers' facts §7.5): Claude's as with
 * Anthropic, other families' by one member of the native body, in efforts that they have.
 */
export function planReasoning(options: ReasoningOptions): ReasoningPlan {
  const { body, capabilities, claude } = options
  if (claude !== null) return planClaude(options, claude)
  const effort = readReasoningEffort(body)
  const ownThinking = body['thinking'] === undefined || body['thinking'] === null ? [] : ['thinking']
  const plan = { on: false, fields: {}, maxTokens: readTokenLimit(body), dropped: ownThinking }
  if (effort === null) return plan
  const nearest = nearestEffort(effort, capabilities.efforts.split(' '))
  switch (capabilities.reasoning) {
    case 'none':
    case 'adaptive':
    case 'budget':
      return effort === 'none' ? plan : { ...plan, dropped: [...plan.dropped, 'reasoning_effort'] }
    case 'nova':
      if (effort === 'none') return { ...plan, fields: { reasoningConfig: { type: 'disabled' } } }
      return {
        ...plan,
        on: true,
        fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort: nearest } },
      }
    case 'reasoning':
      return { ...plan, fields: { reasoning: { effort: nearest } } }
    default:
      return { ...plan, fields: { [capabilities.reasoning]: nearest } }
  }
}

function planClaude(
  { body, stream, mayThink }: ReasoningOptions,
  capabilities: ClaudeCapabilities,
): ReasoningPlan {
  const plan = planThinking({ body, capabilities, stream, mayThink })
  // A budget is part of the limit, so the limit is then named; otherwise Converse's default is the model's most.
  const namesLimit = readTokenLimit(body) !== null || plan.thinking?.['budget_tokens'] !== undefined
  return {
    on: plan.on,
    fields: {
      ...(plan.thinking === null ? {} : { thinking: plan.thinking }),
      ...(plan.effort === null ? {} : { output_config: { effort: plan.effort } }),
    },
    maxTokens: namesLimit ? plan.maxTokens : null,
    dropped: plan.dropped,
  }
}
