import { z } from '@hono/zod-openapi'
import { authoriseModel } from '../access/authorise.ts'
import { type Model, type Principal, stages } from '../core/entities.ts'
import { GatewayError } from '../core/errors.ts'
import { failureReasons } from '../core/failure.ts'
import { entityName, modelName } from '../registry/schema/names.ts'
import type { Explanation } from '../routing/explain.ts'
import type { AdminDeps } from './deps.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { timeView } from './fields.ts'
import { isoTime } from './records.ts'
import { AdminRefusal } from './refusal.ts'

const named = { model: z.string(), connection: z.string(), connection_id: z.string(), provider: z.string() }
const excludedBecause = [
  'team',
  'disabled',
  'inactive_credential',
  'weight_zero',
  'cooling',
  'unhealthy',
  'trial',
] as const

const explanation = z
  .strictObject({
    route: z.string().nullable(),
    candidates: z.array(z.strictObject({ ...named, as: z.enum(['ready', 'trial', 'last_resort']) })).openapi({
      description: 'In the order in which a request goes through them if one after another fails',
    }),
    excluded: z.array(
      z.strictObject({
        ...named,
        why: z.enum(excludedBecause),
        reason: z.enum(failureReasons).nullable(),
        message: z.string().nullable(),
        until: timeView,
      }),
    ),
  })
  .openapi('Explanation')

type View = z.input<typeof explanation>

export interface ExplainDeps extends Pick<AdminDeps, 'snapshot'> {
  readonly explain: (model: Model) => Explanation
}

/** `POST /explain`: what the next request for a model would try, from the code that chooses. */
export function explainEndpoint({ snapshot, explain }: ExplainDeps): Endpoint {
  return endpoint({
    method: 'post',
    path: '/explain',
    tag: 'Explain',
    summary: 'Every candidate in order, and why the others are left out',
    body: z.strictObject({
      model: modelName,
      team: entityName.optional().openapi({ description: 'Without it, as if the caller were of every team' }),
      stage: z.enum(stages).optional(),
    }),
    answers: { 200: { description: 'What would be tried', schema: explanation } },
    async handle({ body }) {
      const at = snapshot()
      const model = at.modelByName(body.model)
      const route = model === undefined ? at.routeByName(body.model) : undefined
      if (model === undefined && route === undefined) {
        throw new AdminRefusal('not_found', 'There is no such model or route.', { field: 'model' })
      }
      const listed =
        (body.stage === undefined ? undefined : route?.stages[body.stage]) ?? route?.default ?? []
      const models = model === undefined ? listed.flatMap((name) => at.modelByName(name) ?? []) : [model]
      const parts = models.map((one) => (isOpenTo(one, body.team) ? shown(one, explain(one)) : closed(one)))
      const view: View = {
        route: route?.name ?? null,
        candidates: parts.flatMap(({ candidates }) => candidates),
        excluded: parts.flatMap(({ excluded }) => excluded),
      }
      return { status: 200, body: view }
    },
  })
}

type Part = Pick<View, 'candidates' | 'excluded'>

/** By the rule that requests are let in by. */
function isOpenTo(model: Model, team: string | undefined): boolean {
  if (team === undefined) return true
  try {
    authoriseModel({ principal: memberOf(team), model, namedTeam: team, hintedTeams: [] })
    return true
  } catch (error) {
    if (error instanceof GatewayError) return false
    throw error
  }
}

function memberOf(team: string): Principal {
  return { subject: '', issuer: '', teams: [team], roles: [], tokenId: null, admin: false, models: null }
}

function shown(model: Model, { candidates, excluded }: Explanation): Part {
  return {
    candidates: candidates.map(({ connection, as }) => ({ ...nameOf(model, connection), as })),
    excluded: excluded.map((exclusion) => ({
      ...nameOf(model, exclusion.connection),
      why: exclusion.why,
      reason: 'reason' in exclusion ? exclusion.reason : null,
      message: 'message' in exclusion ? exclusion.message : null,
      until: 'until' in exclusion ? isoTime(exclusion.until) : null,
    })),
  }
}

function closed(model: Model): Part {
  const excluded = model.connections.map((connection) => ({
    ...nameOf(model, connection),
    why: 'team' as const,
    reason: null,
    message: null,
    until: null,
  }))
  return { candidates: [], excluded }
}

function nameOf(model: Model, { id, name, provider }: Model['connections'][number]) {
  return { model: model.name, connection: name, connection_id: id, provider }
}
