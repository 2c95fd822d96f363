import type { Credential } from '../../core/entities.ts'
import type { Operation } from '../../core/openai.ts'
import type { Quirks } from './capabilities.ts'
import { openaiModelRules, xaiModelRules, type ModelRule } from './model-rules.ts'

/** One host that speaks OpenAI's protocol: where it is, and what it does otherwise (providers' facts §3.2, §13). */
export interface Preset extends Quirks {
  readonly id: string
  readonly name: string
  /** null: the credential must name it. */
  readonly baseUrl: string | null
  /** Hosts beside `baseUrl`'s that are the same upstream. */
  readonly hosts?: readonly string[]
  readonly key: 'required' | 'optional'
  /** All three unless given. */
  readonly operations?: readonly Operation[]
  /** Where it has another path than OpenAI's. */
  readonly paths?: Partial<Readonly<Record<Operation, string>>>
  readonly models?: readonly ModelRule[]
  /** The members it knows, where any other is a fault to it. */
  readonly takes?: Partial<Readonly<Record<Operation, readonly string[]>>>
  /** Its own names of parameters, by OpenAI's. */
  readonly rename?: Readonly<Record<string, string>>
  /** Values it takes of a hint; others are dropped. */
  readonly values?: Readonly<Record<string, readonly string[]>>
  /** Routing fields beyond those that every preset strips. */
  readonly strip?: readonly string[]
  /** Set in what generates text, where the client does not. */
  readonly defaults?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** It lists its models to anyone, whatever key comes with the question. */
  readonly listsToAnyone?: boolean
  /** The right to list, where keys may lack it and use models all the same. */
  readonly listRight?: string
}

const noEmbeddings = ['chat', 'completions'] as const

/** What most hosts of open models share: `system` only, no marks for Anthropic's cache, nothing that only answers have,
 * nothing that is null. */
const openModels = {
  system_role: 'system',
  cache_control: false,
  response_members: false,
  nulls: false,
} as const

const compatible: Preset = {
  id: 'openai_compatible',
  name: 'OpenAI-compatible',
  baseUrl: null,
  key: 'optional',
  models: openaiModelRules,
}

export const presets: readonly Preset[] = [
  {
    id: 'openai',
    name: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    hosts: ['eu.api.openai.com', 'us.api.openai.com'],
    key: 'required',
    listRight: 'api.model.read',
    models: openaiModelRules,
    capabilities: { reasoning_replay: 'drop', cache_control: false },
  },
  compatible,
  {
    id: 'deepseek',
    name: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com/v1',
    key: 'required',
    operations: ['chat'],
    // `reasoning_content` goes as sent: thinking models refuse a replayed tool call without it.
    capabilities: {
      ...openModels,
      max_tokens_field: 'max_tokens',
      json_schema: false,
      json_word: true,
      efforts: 'high max',
      thinking_switch: true,
    },
    drop: ['seed', 'logit_bias', 'parallel_tool_calls', 'service_tier', 'store', 'metadata'],
    refuse: ['n'],
    rename: { user: 'user_id' },
  },
  {
    id: 'groq',
    name: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    key: 'required',
    capabilities: {
      ...openModels,
      max_tokens_field: 'max_completion_tokens',
      reasoning_replay: 'drop',
      message_name: false,
    },
    drop: ['frequency_penalty', 'presence_penalty', 'logit_bias', 'store', 'metadata'],
    refuse: ['logprobs', 'top_logprobs', 'n'],
    values: { service_tier: ['auto', 'on_demand', 'flex', 'performance'] },
  },
  {
    id: 'together',
    name: 'Together AI',
    baseUrl: 'https://api.together.xyz/v1',
    hosts: ['api.together.ai'],
    key: 'required',
    capabilities: {
      ...openModels,
      max_tokens_field: 'max_tokens',
      stop_list: true,
      logprobs_count: true,
      base64_embeddings: false,
      token_input: false,
    },
    drop: ['parallel_tool_calls', 'user', 'service_tier', 'store', 'metadata'],
  },
  {
    id: 'fireworks',
    name: 'Fireworks AI',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    key: 'required',
    capabilities: { ...openModels, max_tokens_field: 'max_tokens' },
    // It lowers the token limit in silence otherwise.
    defaults: { context_length_exceeded_behavior: 'error' },
  },
  {
    id: 'sambanova',
    name: 'SambaNova',
    baseUrl: 'https://api.sambanova.ai/v1',
    key: 'required',
    capabilities: {
      ...openModels,
      max_tokens_field: 'max_tokens',
      image_urls: false,
      base64_embeddings: false,
    },
    drop: ['seed', 'logit_bias', 'parallel_tool_calls'],
    refuse: ['n'],
  },
  {
    id: 'cerebras',
    name: 'Cerebras',
    baseUrl: 'https://api.cerebras.ai/v1',
    key: 'required',
    operations: noEmbeddings,
    capabilities: {
      ...openModels,
      max_tokens_field: 'max_completion_tokens',
      reasoning_replay: 'reasoning',
      efforts: 'none low medium high',
    },
    drop: [
      'frequency_penalty',
      'presence_penalty',
      'logit_bias',
      'parallel_tool_calls',
      'service_tier',
      'store',
      'metadata',
    ],
    refuse: ['n'],
  },
  {
    id: 'mistral',
    name: 'Mistral AI',
    baseUrl: 'https://api.mistral.ai/v1',
    key: 'required',
    operations: ['chat', 'embeddings'],
    // Unknown fields are a 422, `stream_options` too; usage comes with the last chunk unasked.
    capabilities: {
      ...openModels,
      max_tokens_field: 'max_tokens',
      stream_options: false,
      reasoning_replay: 'drop',
      base64_embeddings: false,
      token_input: false,
    },
    drop: [
      'logit_bias',
      'user',
      'service_tier',
      'store',
      'verbosity',
      'safety_identifier',
      'prompt_cache_key',
    ],
    refuse: ['logprobs', 'top_logprobs'],
    rename: { seed: 'random_seed', dimensions: 'output_dimension' },
  },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    key: 'required',
    strip: ['preset', 'plugins'],
    listsToAnyone: true,
  },
  {
    id: 'xai',
    name: 'xAI',
    baseUrl: 'https://api.x.ai/v1',
    key: 'required',
    capabilities: openModels,
    models: xaiModelRules,
    drop: ['logit_bias'],
  },
  {
    id: 'perplexity',
    name: 'Perplexity',
    baseUrl: 'https://api.perplexity.ai',
    key: 'required',
    operations: ['chat'],
    // Usage comes with every chunk unasked.
    capabilities: {
      ...openModels,
      max_tokens_field: 'max_tokens',
      stream_options: false,
      reasoning_replay: 'drop',
    },
    drop: ['seed', 'logit_bias', 'user', 'parallel_tool_calls', 'service_tier', 'store', 'metadata'],
    refuse: ['n', 'logprobs', 'top_logprobs', 'tools'],
  },
  {
    id: 'vllm',
    name: 'vLLM',
    baseUrl: 'http://localhost:8000/v1',
    key: 'optional',
    capabilities: { system_role: 'system' },
  },
  {
    id: 'ollama',
    name: 'Ollama',
    baseUrl: 'http://localhost:11434/v1',
    key: 'optional',
    capabilities: { ...openModels, max_tokens_field: 'max_tokens', image_urls: false, token_input: false },
    drop: ['logit_bias', 'user'],
    refuse: ['n'],
  },
  {
    id: 'litellm',
    name: 'LiteLLM',
    baseUrl: 'http://localhost:4000/v1',
    key: 'optional',
  },
  {
    id: 'lmstudio',
    name: 'LM Studio',
    baseUrl: 'http://localhost:1234/v1',
    key: 'optional',
    capabilities: { ...openModels, max_tokens_field: 'max_tokens' },
  },
  {
    id: 'llamacpp',
    name: 'llama.cpp',
    baseUrl: 'http://localhost:8080/v1',
    key: 'optional',
    capabilities: { ...openModels, max_tokens_field: 'max_tokens' },
  },
  {
    id: 'echo',
    name: 'Echo (built in)',
    baseUrl: 'internal://echo/v1',
    key: 'optional',
  },
]

/**
 * The row whose quirks hold at a credential's address (design §5): `openai` and `openai_compatible` take those of the
 * preset whose host `base_url` names, and at any other host no assumption but OpenAI's own model names.
 */
export function presetAt(preset: Preset, credential: Credential): Preset {
  const address = credential.settings['base_url']
  if (address === undefined || (preset.id !== 'openai' && preset !== compatible)) return preset
  return presetsByHost.get(hostOf(address)) ?? compatible
}

const presetsByHost: ReadonlyMap<string, Preset> = new Map(
  presets.flatMap((row) => {
    const { baseUrl, hosts = [] } = row
    return (baseUrl === null ? hosts : [hostOf(baseUrl), ...hosts]).map((host) => [host, row] as const)
  }),
)

/**
 * With its port where that is not the scheme's own. Read off the text, since this is asked on every request and parsing
 * a URL costs more than all the rest of building one; addresses are checked when they are saved.
 */
function hostOf(address: string): string {
  const [, scheme = '', host = ''] = /^(\w+):\/\/([^/?#]*)/.exec(address.toLowerCase()) ?? []
  return host.replace(scheme === 'http' ? /:80$/ : /:443$/, '').replace(/^127\.0\.0\.1(?=:)/, 'localhost')
}
