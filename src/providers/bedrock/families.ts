import type { Connection } from '../../core/entities.ts'
import { claudeModels, type ClaudeCapabilities } from '../anthropic/models.ts'
import { type CapabilityTable, resolveCapabilities } from '../shared/capabilities.ts'
import type { MessageRules } from './convert-messages.ts'
import type { ToolRules } from './convert-tools.ts'
import type { StructuredOutputRules } from './structured-output.ts'

/** What a model on Bedrock takes and refuses; the names are those of `overrides.capabilities`. */
export interface BedrockCapabilities extends MessageRules, ToolRules, StructuredOutputRules {
  /** Takes a system prompt. Else it goes before the user's first text. */
  readonly system: boolean
  /** Takes `temperature` and `topP`. */
  readonly sampling: boolean
  /** Where `top_k` goes in the native body: by this name, for `nova` in its own `inferenceConfig`; `none`: nowhere. */
  readonly top_k: string
  /** How effort is asked for: by a member of this name, in Nova's way, in Claude's two (`adaptive`, `budget`), or `none`. */
  readonly reasoning: string
  /** The efforts there are, weakest first. */
  readonly efforts: string
}

const base: BedrockCapabilities = {
  user_first: true,
  system: true,
  tools: true,
  forced_tools: false,
  strict_tools: false,
  strict_schemas: false,
  sampling: true,
  json_schema: true,
  top_k: 'none',
  reasoning: 'none',
  efforts: '',
  prompt_cache: 'none',
  cache_ttl: false,
  tool_ids: 'any',
}

const unstructured = { json_schema: false }
const textOnly = { ...unstructured, tools: false }
const bare = { ...textOnly, system: false }
const claude = { strict_schemas: true, top_k: 'top_k', prompt_cache: 'all', cache_ttl: true }
const nova = { ...unstructured, forced_tools: true, top_k: 'nova', prompt_cache: 'messages' }
const mistral = { tool_ids: 'nine' }
const threeEfforts = 'low medium high'

/**
 * Families by the names of their models, the narrower first (providers' facts §7.5; Bedrock user guide: supported
 * models of Converse, tool use, prompt caching, structured outputs). A name without a row is a newer model.
 */
const bedrockModels: CapabilityTable<BedrockCapabilities> = {
  base,
  rows: [
    ['claude-v2', textOnly],
    ['claude-instant', textOnly],
    ['claude-3-5-sonnet-20240620', { ...claude, prompt_cache: 'none', cache_ttl: false }],
    ['claude-3-5', { ...claude, cache_ttl: false }],
    ['claude-3-7', { ...claude, cache_ttl: false }],
    ['claude-3-', { ...claude, prompt_cache: 'none', cache_ttl: false }],
    ['claude-sonnet-4-2025', { ...claude, cache_ttl: false }],
    ['claude-opus-4-2025', { ...claude, cache_ttl: false }],
    ['claude-opus-4-1', { ...claude, cache_ttl: false }],
    ['claude', claude],
    ['amazon.nova-2', { ...nova, reasoning: 'nova', efforts: threeEfforts }],
    ['amazon.nova', nova],
    ['amazon.titan', bare],
    ['mistral-7b', { ...bare, ...mistral }],
    ['mixtral', { ...bare, ...mistral }],
    ['mistral-large-3', { ...mistral, forced_tools: true }],
    ['mistral-large', { ...mistral, ...unstructured, forced_tools: true }],
    ['mistral-small', { ...mistral, ...unstructured }],
    ['pixtral', { ...mistral, ...unstructured }],
    ['mistral', mistral],
    ['meta.llama3-8b', textOnly],
    ['meta.llama3-70b', textOnly],
    ['meta.llama', unstructured],
    ['cohere.command-r', { ...unstructured, top_k: 'k' }],
    ['cohere.command', { ...bare, top_k: 'k' }],
    ['ai21.jamba', unstructured],
    ['ai21', bare],
    ['writer.palmyra', unstructured],
    ['deepseek.r1', textOnly],
    ['openai.gpt-oss', { reasoning: 'reasoning_effort', efforts: threeEfforts }],
    ['openai.gpt', { reasoning: 'reasoning', efforts: 'none minimal low medium high xhigh' }],
    ['qwen.qwen3', { reasoning: 'reasoning_config', efforts: threeEfforts }],
  ],
}

/**
 * Of a connection's model, with the connection's own switches over the table. A model behind an ARN that does not
 * name it is told by the switch `like`: the id of the model that it is.
 */
export function capabilitiesOf(connection: Connection): BedrockCapabilities {
  const ofClaude = { ...claudeOf(connection) }
  const own = connection.overrides.capabilities
  return resolveCapabilities(bedrockModels, modelOf(connection), ofClaude, own)
}

/** Anthropic's table for the Claude models that it is about; null for every other model. */
export function claudeOf(connection: Connection): ClaudeCapabilities | null {
  const model = modelOf(connection)
  if (!/claude-(?!v2|instant)/.test(model)) return null
  const host = structuredClaude.test(model) ? undefined : unstructuredHost
  return resolveCapabilities(claudeModels, model, host, connection.overrides.capabilities)
}

/** Bedrock refuses structured output of newer Claude models, and it is not reliable for some (providers' facts §7.5). */
const structuredClaude = /claude-(sonnet-4-5|opus-4-5|opus-4-6)/
const unstructuredHost = { json_schema: false, strict_tools: false }

/** The model's id, in lower case. */
export function modelOf({ modelName, overrides }: Connection): string {
  const like = overrides.capabilities?.['like']
  return (typeof like === 'string' && like !== '' ? like : modelName).toLowerCase()
}
