import type { Credential } from '../core/entities.ts'
import { looseCredential } from '../registry/credential-record.ts'
import { customFaults } from '../registry/schema/custom-rules.ts'
import { entityFault, type EntityFault, type Loose } from '../registry/schema/entity-fault.ts'
import { type ProviderChoice, providerChoiceFaults } from '../registry/schema/provider-choice.ts'
import { keyIdentity } from '../registry/schema/same-key.ts'
import type { StoredConnection, StoredCredential, StoredModel } from '../registry/stored/records.ts'
import type { StoredState } from '../registry/stored/state.ts'
import type { AdminDeps } from './deps.ts'

/** A model's connections as they would be after a change, with those credentials that the change makes or alters. */
export interface Considered {
  readonly model: StoredModel
  readonly connections: readonly StoredConnection[]
  readonly changed?: ReadonlyMap<string, StoredCredential>
}

type RuleDeps = Pick<AdminDeps, 'snapshot' | 'secrets' | 'providers'>

/**
 * The rules between a stored model's connections and their credentials (design §5): each credential is there and of the
 * provider, templates stand where they are needed, and no two connections hold one key.
 */
export function connectionFaults(
  deps: RuleDeps,
  at: StoredState,
  { model, connections, changed = new Map() }: Considered,
): EntityFault[] {
  const holders = new Map<string, string>()
  return connections.flatMap((connection): EntityFault[] => {
    const credential = looseById(deps, at, connection.credential_id, changed)
    if (credential === null) {
      return [entityFault(['llm_credentials_id'], 'there is no such credential')]
    }
    const choice: ProviderChoice = {
      connection: connection as Loose,
      model: model as Loose,
      credential,
      providers: deps.providers,
    }
    const faults = [...providerChoiceFaults(choice), ...customFaults(choice)]
    const key = keyIdentity(choice)
    if (key === null) return faults
    const holder = holders.get(key)
    holders.set(key, connection.name)
    if (holder === undefined) return faults
    const message =
      `the connections ${JSON.stringify(holder)} and ${JSON.stringify(connection.name)} of the model ` +
      `${JSON.stringify(model.name)} would hold the same key, for the same endpoint, region and model`
    return [...faults, entityFault([], message, 'conflict')]
  })
}

/** A credential as the rules read one, its secrets included; null where there is none. */
export function looseById(
  { snapshot, secrets }: RuleDeps,
  at: StoredState,
  id: string,
  changed: ReadonlyMap<string, StoredCredential> = new Map(),
): Loose | null {
  const record = changed.get(id) ?? at.credentials.get(id)
  if (record !== undefined) return looseCredential(record, secrets)
  const declared = snapshot().credential(id)
  return declared === undefined || declared.managedBy !== 'file' ? null : looseDeclared(declared)
}

export function looseDeclared({ name, type, provider, settings, secrets, status }: Credential): Loose {
  const declared = type === 'CUSTOM' ? { secrets } : secrets
  return { name, status, creds_type: type, provider, ...settings, ...declared }
}
