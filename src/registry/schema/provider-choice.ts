import type { Provider } from '../../core/provider.ts'
import { credentialTypeOf, impliedProvider } from './credential-fields.ts'
import { missingFor } from './credential-rules.ts'
import { entityFault, textOf, type EntityFault, type Loose } from './entity-fault.ts'

export interface ProviderChoice {
  readonly connection: Loose
  readonly model: Loose
  readonly credential: Loose
  readonly providers: ReadonlyMap<string, Provider>
}

/** The provider of a connection: the one it, its model or its credential names, or the credential's type implies. */
export function providerOf(choice: ProviderChoice): string | null {
  return named(choice) ?? credentialProvider(choice)
}

function named({ connection, model }: ProviderChoice): string | null {
  return textOf(connection['provider']) ?? textOf(model['provider'])
}

function credentialProvider({ credential, providers }: ProviderChoice): string | null {
  const type = String(credential['creds_type'])
  return textOf(credential['provider']) ?? impliedProvider(type, providers)?.id ?? null
}

/** Whether a connection, its model and its credential agree on a provider (design §5); paths are the connection's. */
export function providerChoiceFaults(choice: ProviderChoice): EntityFault[] {
  const wanted = named(choice)
  const own = credentialProvider(choice)
  if (wanted === null) {
    const message = 'provider is required where the credential names none'
    return own === null ? [entityFault(['provider'], message)] : []
  }
  if (own !== null) return wanted === own ? [] : [mismatch(`the credential is for ${own}, not ${wanted}`)]
  const provider = choice.providers.get(wanted)
  if (provider === undefined) return []
  const type = credentialTypeOf(provider)
  if (type !== choice.credential['creds_type']) return [mismatch(`${wanted} takes ${type} credentials`)]
  return missingFor(provider, choice.credential).map(({ message }) => entityFault(['credential'], message))
}

function mismatch(message: string): EntityFault {
  return entityFault(['provider'], message, 'provider_mismatch')
}
