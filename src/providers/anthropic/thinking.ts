import type { ChatRequest } from '../../core/openai.ts'
import { asCount, asObject, type JsonObject } from '../shared/json.ts'
import { nearestEffort, type ReasoningEffort, readReasoningEffort } from '../shared/reasoning-effort.ts'
import { readTokenLimit } from '../shared/token-limit.ts'
import type { ClaudeCapabilities } from './models.ts'

export interface ThinkingOptions {
  readonly body: ChatRequest
  readonly capabilities: ClaudeCapabilities
  readonly stream: boolean
  /** False where the turn under way has tool calls without their signed thinking: it cannot go on thinking. */
  readonly mayThink: boolean
}

export interface ThinkingPlan {
  /** Thinking is asked for: no sampling parameters, no forced tool. */
  readonly on: boolean
  readonly thinking: JsonObject | null
  readonly effort: string | null
  readonly maxTokens: number
  readonly dropped: readonly string[]
}

/**
 * Anthropic's clients refuse whole answers that may take over ten minutes, by 128 000 tokens an hour (providers'
 * facts §6.6). It is the limit only where the client names none; what it asks for is sent.
 */
const mostTokensUnstreamed = 21_333
const leastBudget = 1024
const leastAnswer = 4096
const budgets: Record<Exclude<ReasoningEffort, 'none'>, number> = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 24_576,
  max: 32_000,
}

/**
 * `reasoning_effort`, Anthropic's own `thinking` where a client sends it, and the token limit they share (providers'
 * facts §6.2, §6.3). A budget must be below `max_tokens`, which is raised for it up to the model's most.
 */
export function planThinking(options: ThinkingOptions): ThinkingPlan {
  const { body, capabilities, stream, mayThink } = options
  const most = capabilities.max_output_tokens
  const asked = readTokenLimit(body)
  const limit = asked ?? (stream ? most : Math.min(most, mostTokensUnstreamed))
  const off = { on: false, thinking: null, effort: null, maxTokens: limit, dropped: [] }

  const withBudget = (asksFor: number, thinking: JsonObject): ThinkingPlan => {
    const wanted = Math.max(leastBudget, asksFor)
    const isTight = asked !== null && asked <= wanted
    const maxTokens = isTight ? Math.max(asked, Math.min(most, asked + wanted)) : limit
    const room = maxTokens - (asked === null ? leastAnswer : 1)
    const budget = Math.max(leastBudget, Math.min(wanted, room))
    return {
      ...off,
      on: true,
      thinking: { ...thinking, budget_tokens: budget },
      maxTokens: Math.max(maxTokens, budget + 1),
    }
  }

  const own = asObject(body['thinking'])
  if (own !== null) {
    if (capabilities.reasoning === 'none') return { ...off, dropped: ['thinking'] }
    const budget = own['type'] === 'enabled' ? asCount(own['budget_tokens']) : null
    if (budget !== null) {
      const unused = readReasoningEffort(body) === null ? [] : ['reasoning_effort']
      return mayThink
        ? { ...withBudget(budget, own), dropped: unused }
        : { ...off, dropped: ['thinking', ...unused] }
    }
    return { ...off, on: own['type'] === 'adaptive', thinking: own, effort: effortFor(options) }
  }
  const effort = readReasoningEffort(body)
  if (effort === null) return off
  if (effort === 'none') return { ...off, ...turnedOff(capabilities) }
  switch (capabilities.reasoning) {
    case 'adaptive':
      return { ...off, on: true, thinking: adaptive(capabilities), effort: effortFor(options) }
    case 'budget':
      if (mayThink) return withBudget(budgets[effort], { type: 'enabled' })
      return { ...off, dropped: ['reasoning_effort'] }
    default:
      return { ...off, dropped: ['reasoning_effort'] }
  }
}

function adaptive({ hides_thinking: hides }: ClaudeCapabilities): JsonObject {
  return hides ? { type: 'adaptive', display: 'summarized' } : { type: 'adaptive' }
}

function effortFor({ body, capabilities }: ThinkingOptions): string | null {
  const effort = readReasoningEffort(body)
  return effort === null || effort === 'none' ? null : nearestEffort(effort, capabilities.efforts.split(' '))
}

function turnedOff(capabilities: ClaudeCapabilities): Partial<ThinkingPlan> {
  switch (capabilities.thinking_off) {
    case 'disabled':
    case 'between_tools':
      return { thinking: { type: capabilities.thinking_off } }
    case 'never':
      return { effort: nearestEffort('none', capabilities.efforts.split(' ')), dropped: ['reasoning_effort'] }
    default:
      return {}
  }
}
