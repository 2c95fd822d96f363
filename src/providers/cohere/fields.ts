import type { CredentialField } from '../../core/provider.ts'

export const cohereUrl = 'https://api.cohere.com'

export const cohereFields: readonly CredentialField[] = [
  { name: 'api_key', secret: true, required: true, description: 'API key from the Cohere dashboard.' },
  {
    name: 'base_url',
    secret: false,
    required: false,
    description: `Where the API is, without \`/v2/chat\`; ${cohereUrl} unless set.`,
  },
]
