import { nameKey } from '../../registry/schema/names.ts'
import { newEntityId } from '../../registry/stored/codec.ts'
import type {
  KindedRecord,
  StoredConnection,
  StoredCredential,
  StoredModel,
} from '../../registry/stored/records.ts'
import type { StoredState } from '../../registry/stored/state.ts'
import { newConnection } from '../connections/records.ts'
import { defined } from '../defined.ts'
import type { AdminDeps } from '../deps.ts'
import { connectionFaults } from '../model-rules.ts'
import { draftOf, nameTaken, requireNone } from '../records.ts'
import type { ModelDeclaration } from './schema.ts'

export interface MadeModel {
  readonly model: StoredModel
  readonly connection: StoredConnection
  readonly puts: readonly KindedRecord[]
}

/** The records of a model with its first connection, `default`. Throws AdminRefusal. */
export function newModel(
  deps: AdminDeps,
  declared: ModelDeclaration,
  { by, at }: { readonly by: string; readonly at: string },
): MadeModel {
  const { name = declared.model_name, provider, custom, region } = declared
  const model: StoredModel = {
    id: newEntityId(),
    version: 1,
    name,
    ...defined({
      display_name: declared.display_name,
      embedding_dimensions: declared.embedding_dimensions,
      custom,
    }),
    is_embedding: declared.is_embedding,
    supported_stages: declared.supported_stages,
    team_access: declared.team_access,
    policy: declared.policy,
    integration: custom === undefined ? 'easy' : 'api',
    added_by: by,
    added_on: at,
    updated_on: at,
  }
  const { connection, puts } = newConnection(deps, {
    modelId: model.id,
    by,
    at,
    // The provider is the connection's: others of the model may lead elsewhere.
    declared: {
      name: 'default',
      model_name: declared.model_name,
      ...defined({ provider, region }),
      weight: declared.weight,
      priority: declared.priority,
      enabled: true,
      probe: true,
      overrides: {},
    },
    credentialId: declared.llm_credentials_id,
    inline: declared.credentials,
  })
  return { model, connection, puts: [{ kind: 'model', record: model }, ...puts] }
}

/** The change that saves new models, all or none. Throws AdminRefusal for the first rule that does not hold. */
export function saveModels(
  deps: AdminDeps,
  at: StoredState,
  made: readonly MadeModel[],
  pathOf: (index: number) => string[],
) {
  const taken = new Set<string>()
  for (const [index, { model, connection, puts }] of made.entries()) {
    const inline = puts.flatMap((put): [string, StoredCredential][] =>
      put.kind === 'credential' ? [[put.record.id, put.record]] : [],
    )
    const faults = [
      ...(isTaken(deps, at, model.name) || taken.has(nameKey(model.name))
        ? [nameTaken('model or route', model.name)]
        : []),
      ...connectionFaults(deps, at, { model, connections: [connection], changed: new Map(inline) }),
    ]
    requireNone(faults.map((fault) => ({ ...fault, path: [...pathOf(index), ...fault.path] })))
    taken.add(nameKey(model.name))
  }
  const puts = made.flatMap((one) => one.puts)
  return {
    puts,
    audit: puts.map((put) => draftOf(`${put.kind}.create`, null, put)),
    result: made.map(({ model }) => model.id),
  }
}

/** Models and routes share their names, with those of the file too. */
export function isTaken(
  { snapshot }: Pick<AdminDeps, 'snapshot'>,
  at: StoredState,
  name: string,
  but?: string,
): boolean {
  const isOther = (holder: { readonly id: string } | undefined) => holder !== undefined && holder.id !== but
  const declared = [snapshot().modelByName(name), snapshot().routeByName(name)]
  return (
    isOther(at.named('model', name)) ||
    isOther(at.named('route', name)) ||
    declared.some((holder) => holder?.managedBy === 'file')
  )
}
