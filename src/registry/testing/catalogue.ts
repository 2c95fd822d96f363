import type { CredentialField, Provider } from '../../core/provider.ts'

/** A catalogue for tests: what the rules read of providers, and nothing of their protocols. */
export function createCatalogue(): ReadonlyMap<string, Provider> {
  const providers = [
    provider('openai', ['api_key!', 'base_url'], { baseUrl: 'https://api.openai.test/v1' }),
    provider('openai_compatible', ['api_key', 'base_url!'], { baseUrl: null, presetOf: 'openai' }),
    provider('groq', ['api_key!', 'base_url'], { baseUrl: 'https://api.groq.test/v1', presetOf: 'openai' }),
    provider('ollama', ['api_key', 'base_url'], { baseUrl: 'http://localhost:11434/v1', presetOf: 'openai' }),
    provider('echo', ['api_key'], { baseUrl: 'internal://echo/v1', presetOf: 'openai' }),
    provider('anthropic', ['api_key!', 'base_url'], { baseUrl: 'https://api.anthropic.test' }),
    provider('bedrock', ['aws_region!', 'aws_access_key_id', 'aws_secret_access_key']),
    provider('azure_openai', ['azure_endpoint!', 'api_version!', 'api_key']),
    provider('google', ['api_key', 'gcp_project', 'gcp_location', 'gcp_service_account']),
    provider('custom', ['secrets']),
  ]
  return new Map(providers.map((row) => [row.id, row]))
}

/** `name!` is a required field. */
function provider(id: string, fields: readonly string[], more: Partial<Provider> = {}): Provider {
  return {
    id,
    name: id,
    fields: fields.map(field),
    operations: {},
    signer: () => 'none',
    probe: () => ({ operation: 'chat', body: {} }),
    readError: () => {
      throw new Error(`${id} reads nothing`)
    },
    ...more,
  }
}

function field(named: string): CredentialField {
  const name = named.replace('!', '')
  return { name, secret: false, required: name !== named, description: name }
}
