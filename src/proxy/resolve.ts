import type { IncomingHttpHeaders } from 'node:http'
import { authoriseModel, modelNotFound, requireTeam } from '../access/authorise.ts'
import { stages, type Model, type Principal, type Route, type Stage } from '../core/entities.ts'
import { GatewayError } from '../core/errors.ts'
import type { Snapshot } from '../registry/snapshot.ts'

export interface Resolved {
  readonly model: Model
  readonly team: string | null
}

export interface ResolveOptions {
  readonly snapshot: Snapshot
  readonly principal: Principal
  readonly modelName: string
  readonly headers: IncomingHttpHeaders
  readonly metadata: unknown
}

/**
 * The models that may serve this request, in order: the one named, or a route's for the stage, less those the caller
 * may not use. Throws 404 `model_not_found` in the same words for unknown, deleted and not allowed.
 */
export function resolveModels({
  snapshot,
  principal,
  modelName,
  headers,
  metadata,
}: ResolveOptions): Resolved[] {
  const headerStage = stageNamed(single(headers['x-modelgate-stage']), 'x-modelgate-stage')
  const namedTeam = single(headers['x-modelgate-team'])
  // Before the look-up, so that a wrong team tells nothing of which models there are.
  requireTeam(principal, namedTeam)
  const hintedTeams = [single(headers['openai-project']), single(headers['openai-organization'])].filter(
    (team) => team !== null,
  )
  const allowed = (model: Model): Resolved => ({
    model,
    team: authoriseModel({ principal, model, namedTeam, hintedTeams }).team,
  })
  const model = snapshot.modelByName(modelName)
  if (model !== undefined) return [allowed(model)]
  const route = snapshot.routeByName(modelName)
  if (route === undefined) throw modelNotFound(modelName)
  const found: Resolved[] = []
  const stage = headerStage ?? stageNamed(stageInMetadata(metadata), 'metadata.stage')
  for (const name of modelsOfStage(route, stage)) {
    const member = snapshot.modelByName(name)
    if (member === undefined) continue
    try {
      found.push(allowed(member))
    } catch (error) {
      // A route passes over the models its caller may not use; a team that is not the caller's is refused all the same.
      if (!(error instanceof GatewayError) || error.code !== 'model_not_found') throw error
    }
  }
  if (found.length === 0) throw modelNotFound(modelName)
  return found
}

function modelsOfStage(route: Route, stage: Stage | null): readonly string[] {
  return (stage === null ? undefined : route.stages[stage]) ?? route.default
}

/** Only a route looks here: to any other model `metadata` is the caller's own. */
function stageInMetadata(metadata: unknown): string | null {
  const stage =
    typeof metadata === 'object' && metadata !== null ? (metadata as { stage?: unknown }).stage : null
  return typeof stage === 'string' ? stage : null
}

function stageNamed(named: string | null, param: string): Stage | null {
  if (named === null) return null
  const stage = stages.find((known) => known === named)
  if (stage !== undefined) return stage
  throw new GatewayError('invalid_request', `Unknown stage; the stages are ${stages.join(', ')}.`, { param })
}

export function single(value: string | string[] | undefined): string | null {
  const first = Array.isArray(value) ? value[0] : value
  return first === undefined || first === '' ? null : first
}
