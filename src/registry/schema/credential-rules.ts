import { isAwsRegion } from '../../core/aws-regions.ts'
import type { Provider } from '../../core/provider.ts'
import { credentialTypeOf, fieldsOfKind, impliedProvider, isCredentialType } from './credential-fields.ts'
import { entityFault, textOf, type EntityFault, type Loose } from './entity-fault.ts'

interface Context {
  readonly providers: ReadonlyMap<string, Provider>
  readonly allowHttp: boolean
}

/** What a credential lacks (design §5), beyond the types of its fields. */
export function credentialFaults(credential: Loose, { providers, allowHttp }: Context): EntityFault[] {
  return [
    ...providerFaults(credential, providers),
    ...typeFaults(credential, providers),
    ...(allowHttp ? [] : httpFaults(credential)),
  ]
}

function typeFaults(credential: Loose, providers: ReadonlyMap<string, Provider>): EntityFault[] {
  switch (credential['creds_type']) {
    case 'API_KEY':
      return apiKeyFaults(credential, providers)
    case 'AWS':
      return awsFaults(credential)
    case 'AZURE':
      return azureFaults(credential)
    case 'GCP':
      return gcpFaults(credential)
    case 'CUSTOM':
      return isSet(credential['secrets'])
        ? []
        : [required('secrets', 'secrets is required for CUSTOM creds type')]
    default:
      return []
  }
}

function providerFaults(credential: Loose, providers: ReadonlyMap<string, Provider>): EntityFault[] {
  const type = String(credential['creds_type'])
  const named = textOf(credential['provider'])
  if (named === null) {
    return type === 'API_KEY' || impliedProvider(type, providers) !== null
      ? []
      : [entityFault(['creds_type'], `no provider takes ${type} credentials`)]
  }
  const provider = providers.get(named)
  if (provider === undefined) return [unknownProvider(named)]
  const taken = credentialTypeOf(provider)
  return taken === type
    ? []
    : [entityFault(['provider'], `${named} takes ${taken} credentials, not ${type}`, 'provider_mismatch')]
}

export function unknownProvider(named: string): EntityFault {
  return entityFault(['provider'], `there is no provider ${JSON.stringify(named)}`)
}

function apiKeyFaults(credential: Loose, providers: ReadonlyMap<string, Provider>): EntityFault[] {
  const named = textOf(credential['provider'])
  if (named !== null) return missingFor(providers.get(named), credential)
  return isSet(credential['api_key']) ? [] : [apiKeyRequired]
}

const apiKeyRequired = required('api_key', 'api_key is required for API_KEY creds type')

/** What a provider asks of an `API_KEY` credential, by its catalogue's row. */
export function missingFor(provider: Provider | undefined, credential: Loose): EntityFault[] {
  if (provider === undefined) return []
  const missing = provider.fields.filter(({ name, required: needed }) => needed && !isSet(credential[name]))
  return missing.map(({ name }) =>
    name === 'api_key' ? apiKeyRequired : required(name, `${name} is required for ${provider.id}`),
  )
}

function awsFaults(credential: Loose): EntityFault[] {
  const has = (name: string) => isSet(credential[name])
  const faults: EntityFault[] = []
  const region = textOf(credential['aws_region'])
  if (!has('aws_region')) faults.push(required('aws_region', 'aws_region is required'))
  if (region !== null && !isAwsRegion(region)) {
    faults.push(entityFault(['aws_region'], 'aws_region must have the form of a region, as us-east-1'))
  }
  const keys = ['aws_access_key_id', 'aws_secret_access_key']
  const hasKeys = keys.some(has)
  if (hasKeys) faults.push(...together(credential, keys))
  if (!hasKeys && !has('aws_role_arn') && !has('aws_bearer_token')) {
    const message =
      'aws_access_key_id and aws_secret_access_key, or aws_role_arn, or aws_bearer_token is required'
    faults.push(required('aws_access_key_id', message))
  }
  if (has('aws_session_token') && !hasKeys) {
    faults.push(entityFault(['aws_session_token'], 'aws_session_token needs the keys it came with'))
  }
  return faults
}

function azureFaults(credential: Loose): EntityFault[] {
  const has = (name: string) => isSet(credential[name])
  const faults: EntityFault[] = []
  const missing = ['azure_endpoint', 'api_version'].find((name) => !has(name))
  if (missing !== undefined) {
    faults.push(required(missing, 'azure_endpoint and api_version are required'))
  }
  const version = textOf(credential['api_version'])
  if (version !== null && !/^(v1|\d{4}-\d\d-\d\d(-\w+)*)$/.test(version)) {
    faults.push(entityFault(['api_version'], 'api_version must be a date, as 2024-10-21, or v1'))
  }
  const client = ['azure_client_id', 'azure_client_secret', 'azure_token_url']
  if (client.some(has)) faults.push(...together(credential, client))
  else if (!has('api_key')) {
    const message =
      'api_key, or azure_client_id, azure_client_secret and azure_token_url together are required'
    faults.push(required('api_key', message))
  }
  return faults
}

function gcpFaults(credential: Loose): EntityFault[] {
  const vertex = ['gcp_project', 'gcp_location', 'gcp_service_account']
  if (vertex.some((name) => isSet(credential[name]))) return together(credential, vertex)
  if (isSet(credential['api_key'])) return []
  return [
    required(
      'api_key',
      'api_key, or gcp_project, gcp_location and gcp_service_account together are required',
    ),
  ]
}

/** Fields of which one is of no use without the others. */
function together(credential: Loose, names: readonly string[]): EntityFault[] {
  const given = names.filter((name) => isSet(credential[name]))
  return names
    .filter((name) => !given.includes(name))
    .map((name) => required(name, `${name} is required with ${given.join(' and ')}`))
}

function httpFaults(credential: Loose): EntityFault[] {
  const type = credential['creds_type']
  const isKnown = isCredentialType(type)
  return (isKnown ? [...fieldsOfKind(type, 'address'), ...fieldsOfKind(type, 'url')] : [])
    .filter((name) => /^http:/i.test(textOf(credential[name]) ?? ''))
    .map((name) =>
      entityFault([name], `${name} must be https unless upstream.allow_http is on`, 'base_url_not_allowed'),
    )
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && (typeof value !== 'string' || value.trim() !== '')
}

function required(field: string, message: string): EntityFault {
  return entityFault([field], message)
}
