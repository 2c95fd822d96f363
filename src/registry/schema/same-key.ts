import { Secret } from '../../core/secret.ts'
import { fieldsOfKind, isCredentialType } from './credential-fields.ts'
import { isLoose, textOf } from './entity-fault.ts'
import { providerOf, type ProviderChoice } from './provider-choice.ts'

/** Of temporary AWS keys: another token does not make another key. */
const NOT_A_KEY = 'aws_session_token'

/**
 * What no two connections of a model may share: the secret with its endpoint, region and upstream model id
 * (design §5). null: the connection has no key, and is exempt. Never to be shown: it holds the secret.
 */
export function keyIdentity(choice: ProviderChoice): string | null {
  const { connection, model, credential, providers } = choice
  const type = credential['creds_type']
  if (!isCredentialType(type)) return null
  const secrets = fieldsOfKind(type, 'secret')
    .filter((name) => name !== NOT_A_KEY)
    .concat(fieldsOfKind(type, 'service_account'))
    .map((name) => revealed(credential[name]))
  const named = credential['secrets']
  const all = isLoose(named)
    ? Object.keys(named)
        .toSorted()
        .map((name) => revealed(named[name]))
    : secrets
  if (all.every((secret) => secret === null)) return null
  const setting = (name: string) => textOf(credential[name])
  const provider = providerOf(choice)
  const usual = providers.get(provider ?? '')?.baseUrl ?? provider ?? ''
  const template = connection['custom'] ?? model['custom']
  const templated = isLoose(template) ? textOf(template['url']) : null
  const endpoint = setting('base_url') ?? setting('azure_endpoint') ?? templated ?? usual
  const region = textOf(connection['region']) ?? setting('aws_region') ?? setting('gcp_location')
  return JSON.stringify([all, address(endpoint), region, textOf(connection['model_name'])])
}

function revealed(value: unknown): string | null {
  return value instanceof Secret ? value.reveal() : textOf(value)
}

function address(endpoint: string): string {
  return (URL.parse(endpoint)?.href ?? endpoint).replace(/\/+$/, '')
}
