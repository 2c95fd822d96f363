import type { Provider } from '../../core/provider.ts'
import { isCredentialType } from './credential-fields.ts'
import { customFaults } from './custom-rules.ts'
import { entityFault, isLoose, looseItems, textOf, type EntityFault, type Loose } from './entity-fault.ts'
import { nameKey } from './names.ts'
import { providerChoiceFaults } from './provider-choice.ts'
import { routeFaults } from './route-rules.ts'
import { keyIdentity } from './same-key.ts'

type Path = readonly (string | number)[]

interface Named {
  readonly path: Path
  readonly item: Loose
}

/** The rules between entities: unique names, credentials and models that are named, one key once (design §5). */
export function entityFaults(entities: Loose, providers: ReadonlyMap<string, Provider>): EntityFault[] {
  const section = (name: string): Named[] =>
    looseItems(entities[name]).map(({ item, index }) => ({ path: [name, index], item }))
  const credentials = section('credentials')
  const byName = new Map(credentials.map(({ item }) => [nameKey(textOf(item['name']) ?? ''), item]))
  const models = section('models')
  return [
    ...duplicateNames(credentials),
    ...duplicateNames([...models, ...section('routes')]),
    ...duplicateNames(section('teams')),
    ...models.flatMap((model) => connectionFaults(model, byName, providers)),
    ...routeFaults(entities),
  ]
}

function duplicateNames(entities: readonly Named[]): EntityFault[] {
  const holders = new Map<string, Path>()
  return entities.flatMap(({ path, item }) => {
    const name = textOf(item['name'])
    const holder = name === null ? null : firstHolder(holders, nameKey(name), path)
    if (holder === null) return []
    const message = `the name ${JSON.stringify(name)} is taken already, by ${holder[0]}[${holder[1]}]`
    return [entityFault([...path, 'name'], message, 'conflict')]
  })
}

/** Who had the key before; null where nobody did, and then it is taken. */
function firstHolder<Holder>(holders: Map<string, Holder>, key: string, holder: Holder): Holder | null {
  const first = holders.get(key)
  if (first === undefined) holders.set(key, holder)
  return first ?? null
}

function connectionFaults(
  model: Named,
  credentials: ReadonlyMap<string, Loose>,
  providers: ReadonlyMap<string, Provider>,
): EntityFault[] {
  const names = new Map<string, number>()
  const keys = new Map<string, number>()
  return looseItems(model.item['connections']).flatMap(({ item: connection, index }) => {
    const path = [...model.path, 'connections', index]
    const faults: EntityFault[] = []
    const name = textOf(connection['name'])
    if (name !== null && firstHolder(names, nameKey(name), index) !== null) {
      const message = `the model has two connections named ${JSON.stringify(name)}`
      faults.push(entityFault(['name'], message, 'conflict'))
    }
    const credential = credentialOf(connection, credentials)
    if (credential === null) {
      const message = `there is no credential named ${JSON.stringify(textOf(connection['credential']))}`
      faults.push(entityFault(['credential'], message))
    } else if (isCredentialType(credential?.['creds_type'])) {
      const choice = { connection, model: model.item, credential, providers }
      faults.push(...providerChoiceFaults(choice), ...customFaults(choice))
      const key = keyIdentity(choice)
      const holder = key === null ? null : firstHolder(keys, key, index)
      if (holder !== null) {
        const message = `the key is that of connections[${holder}], for the same endpoint, region and model`
        faults.push(entityFault([], message, 'conflict'))
      }
    }
    return faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }))
  })
}

/** undefined: the connection says nothing usable of a credential, which is a fault of its own; null: it is not there. */
function credentialOf(connection: Loose, credentials: ReadonlyMap<string, Loose>): Loose | null | undefined {
  if (isLoose(connection['credentials'])) return connection['credentials']
  const named = textOf(connection['credential'])
  return named === null ? undefined : (credentials.get(nameKey(named)) ?? null)
}
