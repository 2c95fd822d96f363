import type { CredentialField } from '../../core/provider.ts'

function field(name: string, description: string, { secret = false } = {}): CredentialField {
  return { name, secret, required: false, description }
}

/** Of a `GCP` credential (design §5): a key of the Gemini API, or a place and an account of Vertex AI. */
export const googleFields: readonly CredentialField[] = [
  field('api_key', 'Key of the Gemini API', { secret: true }),
  field('gcp_project', 'Project id (Vertex AI)'),
  field('gcp_location', 'Location, as `us-central1`, `eu` or `global` (Vertex AI)'),
  field('gcp_service_account', 'Service account key, an object or its JSON (Vertex AI)', { secret: true }),
  field('base_url', 'The API at another address: a private endpoint or a proxy'),
  field('token_url', "Token endpoint in place of the service account's own"),
]
