import type { CredentialField } from '../../core/provider.ts'

export interface ApiKeyFieldsOptions {
  readonly keyRequired: boolean
  /** null: `base_url` must be given. */
  readonly baseUrl: string | null
}

/** The fields of an `API_KEY` credential (design §5). */
export function apiKeyFields({ keyRequired, baseUrl }: ApiKeyFieldsOptions): readonly CredentialField[] {
  return [
    {
      name: 'api_key',
      secret: true,
      required: keyRequired,
      description: keyRequired ? 'The API key.' : 'The API key, where the endpoint wants one.',
    },
    {
      name: 'base_url',
      secret: false,
      required: baseUrl === null,
      description:
        baseUrl === null
          ? 'The address of the API, with its version: https://host/v1.'
          : `Another address of the same API: a private endpoint or a proxy. Default: ${baseUrl}.`,
    },
  ]
}
