import type { CredentialField } from '../../core/provider.ts'

export const anthropicFields: readonly CredentialField[] = [
  {
    name: 'api_key',
    secret: true,
    required: true,
    description: 'API key from the Claude Console, `sk-ant-…`.',
  },
  {
    name: 'base_url',
    secret: false,
    required: false,
    description: 'Where the Messages API is, without `/v1/messages`; https://api.anthropic.com unless set.',
  },
]
