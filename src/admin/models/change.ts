import type { CredentialType } from '../../core/entities.ts'
import { entityFault } from '../../registry/schema/entity-fault.ts'
import { modelFaults } from '../../registry/schema/model.ts'
import { nameKey } from '../../registry/schema/names.ts'
import type { KindedRecord, StoredModel, StoredRoute } from '../../registry/stored/records.ts'
import type { StoredState } from '../../registry/stored/state.ts'
import { ownFieldsPatch, patchedCredential, readPatch, requireOwnFields } from '../credentials/patch.ts'
import { defined } from '../defined.ts'
import type { AdminDeps } from '../deps.ts'
import { connectionFaults } from '../model-rules.ts'
import { draftOf, nameTaken, requireNone } from '../records.ts'
import { AdminRefusal } from '../refusal.ts'
import { isTaken } from './create.ts'
import type { ModelPatch } from './schema.ts'
import { namesModel } from './view.ts'

interface Changed {
  readonly before: KindedRecord
  readonly after: KindedRecord
}

/** The change that a `PATCH` of a model makes, its routes and inline credential included. Throws AdminRefusal. */
export function changeModel(
  deps: AdminDeps,
  at: StoredState,
  current: StoredModel,
  patch: ModelPatch,
  now: string,
) {
  if (patch.is_embedding !== undefined && patch.is_embedding !== current.is_embedding) {
    const message = 'is_embedding never changes: make another model'
    throw new AdminRefusal('immutable_field', message, { field: 'is_embedding' })
  }
  const next = patchedModel(current, patch, now)
  if (isTaken(deps, at, next.name, current.id)) requireNone([nameTaken('model or route', next.name)])
  requireNone([...modelFaults(next), ...stageFaults(at, current, next)])
  const given = givenFields(patch)
  const credential = given === null ? [] : [inlineChange(deps, at, current, given, now)]
  const changed = new Map(
    credential.flatMap(({ after }) => (after.kind === 'credential' ? [[after.record.id, after.record]] : [])),
  )
  const connections = at.connectionsOfModel(current.id)
  requireNone(connectionFaults(deps, at, { model: next, connections, changed }))
  const changes: Changed[] = [
    { before: { kind: 'model', record: current }, after: { kind: 'model', record: next } },
    ...credential,
    ...renamedRoutes(at, current.name, next.name),
  ]
  return {
    puts: changes.map(({ after }) => after),
    audit: changes.map(({ before, after }) => draftOf(`${after.kind}.update`, before, after)),
    result: undefined,
  }
}

const everyStage = ['planning', 'tool_call', 'summarization', 'guardrail'] as const

function patchedModel(current: StoredModel, patch: ModelPatch, now: string): StoredModel {
  const { display_name, embedding_dimensions, custom, ...kept } = current
  const optional = <Value>(given: Value | null | undefined, was: Value | undefined) =>
    given === undefined ? was : given
  const template = optional(patch.custom, custom)
  return {
    ...kept,
    name: patch.name ?? current.name,
    ...defined({
      display_name: optional(patch.display_name, display_name),
      embedding_dimensions: optional(patch.embedding_dimensions, embedding_dimensions),
      custom: template,
    }),
    supported_stages:
      patch.supported_stages === null
        ? [...everyStage]
        : (patch.supported_stages ?? current.supported_stages),
    team_access: patch.team_access === null ? 'all' : (patch.team_access ?? current.team_access),
    policy: patch.policy === null ? 'weighted' : (patch.policy ?? current.policy),
    integration: template === undefined || template === null ? 'easy' : 'api',
    version: current.version + 1,
    updated_on: now,
  }
}

/** A stage for which a route names the model must stay among those it supports. */
function stageFaults(at: StoredState, current: StoredModel, next: StoredModel) {
  const lost = current.supported_stages.filter((stage) => !next.supported_stages.includes(stage))
  return lost.flatMap((stage) =>
    [...at.routes.values()]
      .filter((route) => route.stages[stage]?.some((name) => nameKey(name) === nameKey(current.name)))
      .map(({ name }) =>
        entityFault(
          ['supported_stages'],
          `the route ${JSON.stringify(name)} names the model for the stage ${stage}`,
          'conflict',
        ),
      ),
  )
}

/** Fields of an inline credential. */
export interface InlineFields {
  /** As a credential of that type takes them. Throws AdminRefusal. */
  readonly read: (type: CredentialType) => ReturnType<typeof readPatch>
  /** The field of the request to name where they are not taken at all. */
  readonly field: string
  /** What they stand under in the request; nothing: beside the model's own. */
  readonly under: 'credentials' | ''
}

/** Fields that a request holds under `credentials`. */
export function fieldsUnder(credentials: Readonly<Record<string, unknown>>): InlineFields {
  return { read: (type) => readPatch(type, credentials), field: 'credentials', under: 'credentials' }
}

function givenFields(patch: ModelPatch): InlineFields | null {
  const beside = Object.entries(patch).filter(([name]) => Object.hasOwn(ownFieldsPatch, name))
  const [first] = beside
  if (first === undefined) return patch.credentials === undefined ? null : fieldsUnder(patch.credentials)
  const [field] = first
  if (patch.credentials === undefined) {
    return { read: (type) => requireOwnFields(type, Object.fromEntries(beside)), field, under: '' }
  }
  throw new AdminRefusal('invalid_field', `${field} stands beside credentials: give it in one place.`, {
    field,
  })
}

/** Only where there is no doubt whose credential is meant. */
function inlineChange(
  deps: AdminDeps,
  at: StoredState,
  model: StoredModel,
  given: InlineFields,
  now: string,
): Changed {
  const connections = at.connectionsOfModel(model.id)
  const credential = at.credentials.get(connections[0]?.credential_id ?? '')
  if (connections.length !== 1 || credential === undefined || credential.inline_of === null) {
    const message =
      'The model has not just one connection with a credential of its own: change the credential itself.'
    throw new AdminRefusal('conflict', message, { field: given.field })
  }
  return changedInline(deps, credential, given, now)
}

/** A credential of one connection's own, changed. */
export function changedInline(
  deps: AdminDeps,
  credential: Parameters<typeof patchedCredential>[1],
  { read, under }: InlineFields,
  now: string,
): Changed {
  try {
    const next = patchedCredential(deps, credential, read(credential.creds_type), now)
    return {
      before: { kind: 'credential', record: credential },
      after: { kind: 'credential', record: { ...next, name: null } },
    }
  } catch (error) {
    if (!(error instanceof AdminRefusal)) throw error
    const path = [under, error.field].filter((step) => step !== undefined && step !== '')
    throw new AdminRefusal(error.code, error.message, { field: path.join('.') || undefined })
  }
}

/** Routes name models; a new name is taken over into them. */
function renamedRoutes(at: StoredState, name: string, next: string): Changed[] {
  if (name === next) return []
  const renamed = (list: readonly string[]) =>
    list.map((one) => (nameKey(one) === nameKey(name) ? next : one))
  return [...at.routes.values()]
    .filter((route) => namesModel(route, name))
    .map((route) => {
      const stages = Object.fromEntries(
        Object.entries(route.stages).map(([stage, list]) => [stage, renamed(list)]),
      )
      const record: StoredRoute = { ...route, stages, default: renamed(route.default) }
      return { before: { kind: 'route', record: route }, after: { kind: 'route', record } }
    })
}
