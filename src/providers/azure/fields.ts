import type { CredentialField } from '../../core/provider.ts'

function field(
  name: string,
  description: string,
  { secret = false, required = false } = {},
): CredentialField {
  return { name, secret, required, description }
}

/** Of an `AZURE` credential (design §5): a resource, and its key or an Entra application. */
export const azureFields: readonly CredentialField[] = [
  field('azure_endpoint', 'Address of the resource or Foundry project: https://name.openai.azure.com', {
    required: true,
  }),
  field('api_version', 'A date, as `2024-10-21`, or `v1` for the paths without a version', {
    required: true,
  }),
  field('api_key', 'Key of the resource', { secret: true }),
  field('azure_client_id', 'Entra application (client) id, in place of a key'),
  field('azure_client_secret', 'Its client secret', { secret: true }),
  field('azure_token_url', 'Where the secret is exchanged for a token: …/{tenant}/oauth2/v2.0/token'),
  field('azure_scope', 'Scope of the token; by default that of the host'),
  field('base_url', 'Address in place of `azure_endpoint`: a private endpoint or a proxy'),
]
