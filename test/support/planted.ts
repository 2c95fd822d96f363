import { generateKeyPairSync } from 'node:crypto'

/** A credential whose secrets are to be found nowhere, and a model that uses it. */
export interface PlantedAccount {
  readonly name: string
  readonly provider: string
  readonly modelName: string
  /** As `POST /llm_credentials` takes it. */
  readonly declared: Record<string, unknown>
  readonly secrets: readonly string[]
}

/** Every character that an encoding may change. */
const awkward = '"quoted" /+?&=%'

const key = (name: string) => `planted-key-of-${name} ${awkward}`

function account(
  origin: string,
  name: string,
  provider: string,
  modelName: string,
  declared: Record<string, unknown>,
  secrets: readonly string[],
): PlantedAccount {
  return { name, provider, modelName, declared: { name, base_url: origin, ...declared }, secrets }
}

/** One account of every kind, all of them at the origin given. */
export function plantedAccounts(origin: string): PlantedAccount[] {
  const byKey = (provider: string, modelName: string) =>
    account(
      origin,
      provider,
      provider,
      modelName,
      { creds_type: 'API_KEY', provider, api_key: key(provider) },
      [key(provider)],
    )
  return [
    byKey('openai', 'gpt-4o'),
    byKey('anthropic', 'claude-sonnet-4-5'),
    byKey('cohere', 'command-a-03-2025'),
    ...ofGoogle(origin),
    ...ofAmazon(origin),
    ...ofMicrosoft(origin),
    account(
      origin,
      'custom',
      'custom',
      'any',
      { creds_type: 'CUSTOM', base_url: undefined, secrets: { token: `planted-header-value ${awkward}` } },
      [`planted-header-value ${awkward}`],
    ),
  ]
}

function ofGoogle(origin: string): PlantedAccount[] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return [
    account(origin, 'gemini', 'google', 'gemini-2.5-flash', { creds_type: 'GCP', api_key: key('gemini') }, [
      key('gemini'),
    ]),
    account(
      origin,
      'vertex',
      'google',
      'gemini-2.5-flash',
      {
        creds_type: 'GCP',
        gcp_project: 'project-1',
        gcp_location: 'europe-west1',
        gcp_service_account: { client_email: 'a@project-1.iam.gserviceaccount.com', private_key: pem },
        token_url: `${origin}/token`,
      },
      // The lines of a key are what somebody could use; a text of several never stands in JSON as it is.
      pem.split('\n').slice(1, 4),
    ),
  ]
}

function ofAmazon(origin: string): PlantedAccount[] {
  return [
    account(
      origin,
      'bedrock',
      'bedrock',
      'anthropic.claude-3-haiku-20240307-v1:0',
      {
        creds_type: 'AWS',
        aws_region: 'eu-central-1',
        aws_access_key_id: 'AKIAEXAMPLE',
        aws_secret_access_key: 'planted/aws+secret/access+key/of+forty+chars',
        aws_session_token: 'planted/session+token/which+is+a+long+one==',
      },
      ['planted/aws+secret/access+key/of+forty+chars', 'planted/session+token/which+is+a+long+one=='],
    ),
    account(
      origin,
      'bedrock by bearer',
      'bedrock',
      'anthropic.claude-3-haiku-20240307-v1:0',
      { creds_type: 'AWS', aws_region: 'eu-central-1', aws_bearer_token: key('bearer') },
      [key('bearer')],
    ),
  ]
}

function ofMicrosoft(origin: string): PlantedAccount[] {
  return [
    account(
      origin,
      'entra',
      'azure_openai',
      'deployed',
      {
        creds_type: 'AZURE',
        azure_endpoint: origin,
        base_url: undefined,
        api_version: '2024-10-21',
        azure_client_id: 'client-1',
        azure_client_secret: `planted~client~secret ${awkward}`,
        azure_token_url: `${origin}/token`,
      },
      [`planted~client~secret ${awkward}`],
    ),
    account(
      origin,
      'azure',
      'azure_openai',
      'deployed',
      {
        creds_type: 'AZURE',
        azure_endpoint: origin,
        base_url: undefined,
        api_version: 'v1',
        api_key: key('azure'),
      },
      [key('azure')],
    ),
  ]
}
