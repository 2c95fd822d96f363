import type { Preset } from '../openai/presets.ts'

const sampling = [
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'stream',
  'stream_options',
  'logprobs',
  'nvext',
]

/** NVIDIA NIM, hosted and self-hosted: unknown members are a 400 there (providers' facts §3.2, §12). */
export const nvidiaRow: Preset = {
  id: 'nvidia',
  name: 'NVIDIA NIM',
  baseUrl: 'https://integrate.api.nvidia.com/v1',
  key: 'optional',
  listsToAnyone: true,
  capabilities: {
    max_tokens_field: 'max_tokens',
    system_role: 'system',
    reasoning_replay: 'drop',
    cache_control: false,
    response_members: false,
    nulls: false,
    token_input: false,
  },
  refuse: ['n'],
  models: [
    { models: /gpt-oss/ },
    // Their vectors have one size.
    {
      models: /embedqa-e5|embedqa-mistral|nv-embed-v1|nv-embedcode|embed-qa-4|arctic-embed-l$|bge-m3/,
      refuse: ['dimensions'],
    },
    { models: /^/, drop: ['reasoning_effort'] },
  ],
  takes: {
    chat: [
      'model',
      'messages',
      ...sampling,
      'top_logprobs',
      'tools',
      'tool_choice',
      'response_format',
      'reasoning_effort',
      'chat_template_kwargs',
    ],
    completions: ['model', 'prompt', ...sampling, 'echo', 'suffix'],
    embeddings: ['model', 'input', 'input_type', 'truncate', 'encoding_format', 'dimensions'],
  },
}
