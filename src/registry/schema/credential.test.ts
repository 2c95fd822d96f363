import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../core/secret.ts'
import { createCatalogue } from '../testing/catalogue.ts'
import { credentialFields, secretFieldNames } from './credential-fields.ts'
import { inlineCredential, namedCredential } from './credential.ts'
import { fieldLabel, issueText } from './issue-text.ts'

const providers = createCatalogue()
const schema = inlineCredential({ providers, allowHttp: true })

/** `path: message` of each fault. */
function faultsOf(credential: unknown, form: { safeParse: typeof schema.safeParse } = schema): string[] {
  const { error } = form.safeParse(credential, { error: issueText })
  return (error?.issues ?? []).map(({ path, message, ...issue }) => {
    const isSentence = 'params' in issue && issue.params !== undefined
    return `${path.join('.')}: ${isSentence ? message : `${fieldLabel(path)} ${message}`}`
  })
}

const aws = { creds_type: 'AWS', aws_region: 'us-east-1' }
const azure = {
  creds_type: 'AZURE',
  azure_endpoint: 'https://one.openai.azure.test/',
  api_version: '2024-10-21',
}
const account = { type: 'service_account', client_email: 'a@b.test', private_key: 'pem', project_id: 'p' }
const vertex = { gcp_project: 'p', gcp_location: 'global', gcp_service_account: account }

describe('a credential that is good', () => {
  it.each<[string, Record<string, unknown>]>([
    ['API_KEY', { creds_type: 'API_KEY', api_key: 'k' }],
    ['API_KEY for a provider', { creds_type: 'API_KEY', provider: 'anthropic', api_key: 'k' }],
    [
      'API_KEY at another address',
      { creds_type: 'API_KEY', api_key: 'k', base_url: 'http://10.0.0.1:9/v1/' },
    ],
    ['API_KEY without a key, where none is needed', { creds_type: 'API_KEY', provider: 'ollama' }],
    ['the built-in echo', { creds_type: 'API_KEY', provider: 'echo' }],
    ['AWS keys', { ...aws, aws_access_key_id: 'a', aws_secret_access_key: 's', aws_session_token: 't' }],
    ['an AWS role', { ...aws, aws_role_arn: 'arn:aws:iam::1:role/r', aws_external_id: 'e' }],
    [
      'an AWS role and keys',
      { ...aws, aws_role_arn: 'r', aws_access_key_id: 'a', aws_secret_access_key: 's' },
    ],
    ['a Bedrock key', { ...aws, provider: 'bedrock', aws_bearer_token: 'b', expires_at: '2030-01-31' }],
    ['a region nobody has heard of', { ...aws, aws_region: 'eusc-de-east-9', aws_bearer_token: 'b' }],
    ['an Azure key', { ...azure, api_key: 'k' }],
    ['an Azure key for version-less paths', { ...azure, api_version: 'v1', api_key: 'k' }],
    ['an Azure preview version', { ...azure, api_version: '2025-04-01-preview', api_key: 'k' }],
    [
      'an Azure client',
      {
        ...azure,
        azure_client_id: 'c',
        azure_client_secret: 's',
        azure_token_url: 'https://login.test/t',
        azure_scope: 'x',
      },
    ],
    ['Gemini', { creds_type: 'GCP', api_key: 'k' }],
    ['Vertex AI', { creds_type: 'GCP', ...vertex }],
    ['Vertex AI, as JSON', { creds_type: 'GCP', ...vertex, gcp_service_account: JSON.stringify(account) }],
    ['CUSTOM', { creds_type: 'CUSTOM', secrets: { api_key: 's', 'X-Other': 't' } }],
    ['CUSTOM without a secret', { creds_type: 'CUSTOM', secrets: {} }],
  ])('%s', (_, credential) => {
    expect(faultsOf(credential)).toEqual([])
  })

  it('keeps its secrets where they cannot be printed, and its settings without trailing slashes', () => {
    const read = schema.parse({
      ...azure,
      api_key: ' the-key\n',
      azure_client_id: '',
      base_url: 'https://proxy.test/azure//',
    })
    expect(read).toMatchObject({
      azure_endpoint: 'https://one.openai.azure.test',
      base_url: 'https://proxy.test/azure',
    })
    expect(read).toHaveProperty('azure_client_id', undefined)
    expect('api_key' in read && read.api_key?.reveal()).toBe('the-key')
    expect(inspect(read, { depth: 9 }) + JSON.stringify(read)).not.toContain('the-key')
  })

  it('keeps a service account as one secret, however it was given', () => {
    for (const given of [account, JSON.stringify(account)]) {
      const read = schema.parse({ creds_type: 'GCP', ...vertex, gcp_service_account: given })
      const kept = 'gcp_service_account' in read ? read.gcp_service_account : undefined
      expect(kept).toBeInstanceOf(Secret)
      expect(JSON.parse(kept?.reveal() ?? '')).toEqual(account)
    }
  })
})

describe('a credential that is refused', () => {
  it.each<[string, unknown, string[]]>([
    ['no type', {}, ['creds_type: creds_type must be one of API_KEY, AWS, AZURE, GCP, CUSTOM']],
    [
      'an unknown type',
      { creds_type: 'OAUTH' },
      ['creds_type: creds_type must be one of API_KEY, AWS, AZURE, GCP, CUSTOM'],
    ],
    ['no key', { creds_type: 'API_KEY' }, ['api_key: api_key is required for API_KEY creds type']],
    [
      'a blank key',
      { creds_type: 'API_KEY', provider: 'openai', api_key: '  ' },
      ['api_key: api_key is required for API_KEY creds type'],
    ],
    ['no region', { creds_type: 'AWS', aws_bearer_token: 'b' }, ['aws_region: aws_region is required']],
    [
      'no region, and only half of the keys',
      { creds_type: 'AWS', aws_access_key_id: 'x' },
      [
        'aws_region: aws_region is required',
        'aws_secret_access_key: aws_secret_access_key is required with aws_access_key_id',
      ],
    ],
    [
      'a region without form',
      { ...aws, aws_region: 'us-east-1.evil.test', aws_bearer_token: 'b' },
      ['aws_region: aws_region must have the form of a region, as us-east-1'],
    ],
    [
      'AWS without keys, role or token',
      aws,
      [
        'aws_access_key_id: aws_access_key_id and aws_secret_access_key, or aws_role_arn, or aws_bearer_token is required',
      ],
    ],
    [
      'a session token alone',
      { ...aws, aws_role_arn: 'r', aws_session_token: 't' },
      ['aws_session_token: aws_session_token needs the keys it came with'],
    ],
    [
      'no Azure endpoint',
      { creds_type: 'AZURE', api_version: 'v1', api_key: 'k' },
      ['azure_endpoint: azure_endpoint and api_version are required'],
    ],
    [
      'no Azure version',
      { creds_type: 'AZURE', azure_endpoint: 'https://a.test', api_key: 'k' },
      ['api_version: azure_endpoint and api_version are required'],
    ],
    [
      'an Azure version that is none',
      { ...azure, api_version: 'latest', api_key: 'k' },
      ['api_version: api_version must be a date, as 2024-10-21, or v1'],
    ],
    [
      'Azure without a key',
      azure,
      ['api_key: api_key, or azure_client_id, azure_client_secret and azure_token_url together are required'],
    ],
    [
      'a client without its secret',
      { ...azure, azure_client_id: 'c', azure_token_url: 'https://t.test' },
      ['azure_client_secret: azure_client_secret is required with azure_client_id and azure_token_url'],
    ],
    [
      'Vertex AI without a location',
      { creds_type: 'GCP', ...vertex, gcp_location: '' },
      ['gcp_location: gcp_location is required with gcp_project and gcp_service_account'],
    ],
    [
      'GCP without anything',
      { creds_type: 'GCP' },
      ['api_key: api_key, or gcp_project, gcp_location and gcp_service_account together are required'],
    ],
    [
      'a service account that is no JSON',
      { creds_type: 'GCP', ...vertex, gcp_service_account: '/var/run/key.json' },
      ['gcp_service_account: gcp_service_account must be a JSON object'],
    ],
    [
      'a service account without its key',
      { creds_type: 'GCP', ...vertex, gcp_service_account: { client_email: 'a' } },
      ['gcp_service_account: gcp_service_account must hold private_key'],
    ],
    [
      'CUSTOM without secrets',
      { creds_type: 'CUSTOM' },
      ['secrets: secrets is required for CUSTOM creds type'],
    ],
    [
      'an address that is none',
      { creds_type: 'API_KEY', api_key: 'k', base_url: 'ftp://a.test' },
      ['base_url: base_url must be an http or https URL'],
    ],
    [
      'an address with a password',
      { creds_type: 'API_KEY', api_key: 'k', base_url: 'https://u:p@a.test' },
      ['base_url: base_url must not hold a user name or a password'],
    ],
    [
      'a provider that is not there',
      { creds_type: 'API_KEY', provider: 'nobody', api_key: 'k' },
      ['provider: there is no provider "nobody"'],
    ],
    [
      'a provider of another type',
      { ...aws, provider: 'openai', aws_bearer_token: 'b' },
      ['provider: openai takes API_KEY credentials, not AWS'],
    ],
    [
      'what its provider needs',
      { creds_type: 'API_KEY', provider: 'openai_compatible' },
      ['base_url: base_url is required for openai_compatible'],
    ],
    [
      'unknown fields, those of other types included, beside other faults',
      { creds_type: 'API_KEY', aws_region: 'us-east-1', apikey: 'k' },
      [': has the unknown key "aws_region", "apikey"', 'api_key: api_key is required for API_KEY creds type'],
    ],
    [
      'values of the wrong type',
      { creds_type: 'API_KEY', api_key: 12345678 },
      ['api_key: api_key must be text, not a number'],
    ],
  ])('%s', (_, credential, expected) => {
    expect(faultsOf(credential).map((fault) => fault.replace(/^:  /, ': '))).toEqual(expected)
  })

  it('http where it is not allowed, field by field', () => {
    const strict = inlineCredential({ providers, allowHttp: false })
    const credential = { ...azure, azure_endpoint: 'http://a.test', base_url: 'HTTP://b.test', api_key: 'k' }
    expect(faultsOf(credential, strict)).toEqual([
      'azure_endpoint: azure_endpoint must be https unless upstream.allow_http is on',
      'base_url: base_url must be https unless upstream.allow_http is on',
    ])
    const { error } = strict.safeParse(credential)
    expect(error?.issues[0]).toMatchObject({ params: { code: 'base_url_not_allowed' } })
  })

  it('a provider that disagrees with the type is called provider_mismatch', () => {
    const { error } = schema.safeParse({ creds_type: 'AWS', provider: 'openai' })
    expect(error?.issues).toContainEqual(
      expect.objectContaining({ path: ['provider'], params: { code: 'provider_mismatch' } }),
    )
  })

  it('a name that is blank, too long, or not printable', () => {
    const named = namedCredential({ providers, allowHttp: true })
    const withName = (name: string) => faultsOf({ creds_type: 'API_KEY', api_key: 'k', name }, named)
    expect(withName(' \t')).toEqual(['name: name must not be empty'])
    expect(withName('x'.repeat(201))).toEqual(['name: name must have at most 200 characters'])
    expect(withName('a\nb')).toEqual(['name: name must not hold control characters'])
    expect(withName('Größe/1:a #2')).toEqual([])
  })
})

it('names as secret what the contract does, and nothing else', () => {
  expect([...secretFieldNames].toSorted()).toEqual(
    [
      'api_key',
      'aws_bearer_token',
      'aws_secret_access_key',
      'aws_session_token',
      'azure_client_secret',
      'gcp_service_account',
      'secrets',
    ].toSorted(),
  )
  expect(Object.keys(credentialFields)).toEqual(['API_KEY', 'AWS', 'AZURE', 'GCP', 'CUSTOM'])
})
