import type { Connection } from '../../core/entities.ts'
import { type CapabilityTable, type CapabilityValue, resolveCapabilities } from '../shared/capabilities.ts'

/** What a Claude model takes and refuses; the names are those of `overrides.capabilities`. */
export interface ClaudeCapabilities {
  readonly max_output_tokens: number
  /** Takes `temperature`, `top_p` and `top_k`. */
  readonly sampling: boolean
  /** How thinking is asked for: `adaptive` with an effort, by a `budget` of tokens, or not at all (`none`). */
  readonly reasoning: string
  /** The words of `output_config.effort`, for `adaptive`. */
  readonly efforts: string
  /** How thinking is turned off: `disabled` or `between_tools` (said so), `omit` (off unless asked for), `never`. */
  readonly thinking_off: string
  /** Leaves the text of its thinking out unless asked to show it. */
  readonly hides_thinking: boolean
  /** Takes `tool_choice` `any` and `tool`. */
  readonly forced_tools: boolean
  /** Takes `output_config.format`. */
  readonly json_schema: boolean
  /** Takes `strict` on tools. */
  readonly strict_tools: boolean
}

const allEfforts = 'low medium high xhigh max'

const newest: ClaudeCapabilities = {
  max_output_tokens: 128_000,
  sampling: false,
  reasoning: 'adaptive',
  efforts: allEfforts,
  thinking_off: 'disabled',
  hides_thinking: true,
  forced_tools: true,
  json_schema: true,
  strict_tools: true,
}
const alwaysThinks = { thinking_off: 'never' }
const generation46 = { sampling: true, efforts: 'low medium high max', hides_thinking: false }
const byBudget = {
  sampling: true,
  reasoning: 'budget',
  efforts: '',
  thinking_off: 'omit',
  hides_thinking: false,
}
const unstructured = { json_schema: false, strict_tools: false }
const unthinking = { ...byBudget, ...unstructured, reasoning: 'none' }

/**
 * Providers' facts §6.2, in its order; which words of effort there are, and that thinking is hidden from Opus 4.7 on,
 * by Anthropic's pages on effort and adaptive thinking. A name without a row is a newer Claude.
 */
export const claudeModels: CapabilityTable<ClaudeCapabilities> = {
  base: newest,
  rows: [
    ['claude-sonnet-5-5', { thinking_off: 'between_tools', efforts: 'low medium high', forced_tools: false }],
    ['claude-opus-5-5', { ...alwaysThinks, forced_tools: false }],
    ['claude-haiku-5-5', {}],
    ['claude-opus-5', {}],
    ['claude-fable-5-1', { ...alwaysThinks, forced_tools: false }],
    ['claude-fable-5', alwaysThinks],
    ['claude-opus-4-8', {}],
    ['claude-opus-4-7', {}],
    ['claude-sonnet-5', {}],
    ['claude-sonnet-4-6', generation46],
    ['claude-opus-4-6', generation46],
    ['claude-sonnet-4-5', { ...byBudget, max_output_tokens: 64_000 }],
    ['claude-opus-4-5', { ...byBudget, max_output_tokens: 64_000 }],
    ['claude-haiku-4-5', { ...byBudget, max_output_tokens: 64_000 }],
    ['claude-opus-4-1', { ...byBudget, max_output_tokens: 32_000 }],
    // Vertex writes the first of a generation without a minor number: `claude-sonnet-4@20250514`.
    ['claude-sonnet-4-', { ...byBudget, ...unstructured, max_output_tokens: 64_000 }],
    ['claude-sonnet-4@', { ...byBudget, ...unstructured, max_output_tokens: 64_000 }],
    ['claude-opus-4-', { ...byBudget, ...unstructured, max_output_tokens: 32_000 }],
    ['claude-opus-4@', { ...byBudget, ...unstructured, max_output_tokens: 32_000 }],
    ['claude-3-7', { ...byBudget, ...unstructured, max_output_tokens: 64_000 }],
    ['claude-3-5', { ...unthinking, max_output_tokens: 8192 }],
    ['claude-3-', { ...unthinking, max_output_tokens: 4096 }],
    ['claude-2', { ...unthinking, max_output_tokens: 4096 }],
    ['claude-instant', { ...unthinking, max_output_tokens: 4096 }],
  ],
}

/** The table's row of a connection's model, with what its host cannot do and the connection's own switches over it. */
export function capabilitiesOf(
  connection: Connection,
  ofTheHost: Readonly<Record<string, CapabilityValue>> = {},
): ClaudeCapabilities {
  return resolveCapabilities(claudeModels, connection.modelName, ofTheHost, connection.overrides.capabilities)
}
