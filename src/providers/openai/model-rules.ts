import type { Overrides } from '../../core/entities.ts'
import type { Quirks } from './capabilities.ts'

/** What holds for some models of an upstream. The first row that fits counts. */
export interface ModelRule extends Quirks {
  readonly models: RegExp
  readonly except?: RegExp
  /** Only with this `reasoning_effort`. */
  readonly effort?: string
  /** A reasoning model; `overrides.capabilities.reasoning_model` says so where the name does not. */
  readonly reasoning?: true
}

const reasoningCapabilities = {
  max_tokens_field: 'max_completion_tokens',
  system_role: 'developer',
  // With fewer, OpenAI answers 400: the limit was reached before anything could be said.
  probe_tokens: 64,
} as const

const sampling = ['temperature', 'top_p', 'frequency_penalty', 'presence_penalty', 'logit_bias']

/** OpenAI's reasoning families, wherever they are served under their own names (providers' facts §4). */
export const openaiModelRules: readonly ModelRule[] = [
  {
    models: /^gpt-5\.[1-9]/,
    except: /-chat/,
    effort: 'none',
    reasoning: true,
    capabilities: reasoningCapabilities,
    refuse: ['stop'],
  },
  {
    models: /^o[12](?!\d)/,
    reasoning: true,
    capabilities: reasoningCapabilities,
    drop: sampling,
    refuse: ['logprobs', 'top_logprobs'],
  },
  {
    // Azure's name of GPT-3.5 is `gpt-35-turbo`.
    models: /^(?:o\d|gpt-(?:[5-9]|[12]\d))/,
    except: /-chat/,
    reasoning: true,
    capabilities: reasoningCapabilities,
    drop: sampling,
    refuse: ['logprobs', 'top_logprobs', 'stop'],
  },
]

/** xAI: from Grok 4 on no model takes penalties, and those that reason take no `stop`. */
export const xaiModelRules: readonly ModelRule[] = [
  { models: /^grok-[4-9].*non-reasoning/, drop: ['presence_penalty', 'frequency_penalty'] },
  { models: /^grok-[4-9]/, drop: ['presence_penalty', 'frequency_penalty'], refuse: ['stop'] },
]

export interface FindModelRuleOptions {
  readonly rules: readonly ModelRule[]
  readonly modelName: string
  readonly effort: unknown
  readonly overrides?: Overrides['capabilities']
}

/** The row for a model; fine-tuned models follow the model they are made of (`ft:o4-mini-…:org::id`). */
export function findModelRule({
  rules,
  modelName,
  effort,
  overrides,
}: FindModelRuleOptions): ModelRule | null {
  const name = modelName.toLowerCase().replace(/^ft:/, '')
  const stated = overrides?.['reasoning_model']
  const fits = ({ models, except, reasoning }: ModelRule) => {
    if (reasoning === true && typeof stated === 'boolean') return stated
    return models.test(name) && except?.test(name) !== true
  }
  return rules.find((rule) => (rule.effort === undefined || rule.effort === effort) && fits(rule)) ?? null
}
