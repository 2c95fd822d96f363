import { z } from '@hono/zod-openapi'
import { type Model, policies, stages } from '../../core/entities.ts'
import { nameKey } from '../../registry/schema/names.ts'
import { connectionView, type ConnectionViewDeps, viewOfConnection } from '../connections/view.ts'
import { managedBy, shadowsOf, shadowsView, timeView, versionView } from '../fields.ts'
import { isoTime } from '../records.ts'

const health = z.strictObject({
  status: z.enum(['healthy', 'unhealthy', 'unknown']),
  last_checked: timeView,
  checked_by: z.enum(['probe', 'traffic']).nullable(),
})

export const modelView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    display_name: z.string(),
    source: z.string().openapi({ description: 'The provider, or the host, of its first connection' }),
    integration: z.enum(['easy', 'api']),
    is_embedding: z.boolean(),
    embedding_dimensions: z.int().nullable(),
    supported_stages: z.array(z.enum(stages)),
    team_access: z.union([z.literal('all'), z.array(z.string())]),
    policy: z.enum(policies),
    builtin: z.boolean(),
    used_by_routes: z.array(z.string()),
    last_used_at: timeView,
    health,
    connections: z.array(connectionView),
    managed_by: managedBy,
    shadows: shadowsView,
    version: versionView,
    added_by: z.string().nullable(),
    added_on: timeView,
    updated_on: timeView,
  })
  .openapi('Model')

export type ModelView = z.input<typeof modelView>

/** A model's health by the newest evidence; times are ms since 1970. */
export interface ModelHealth {
  readonly status: 'healthy' | 'unhealthy' | 'unknown'
  readonly lastChecked: number | null
  readonly checkedBy: 'probe' | 'traffic' | null
  /** The last success of any connection. */
  readonly lastUsed: number | null
}

export interface ModelViewDeps extends ConnectionViewDeps {
  readonly modelHealth: (model: Model) => ModelHealth
}

export function viewOfModel(deps: ModelViewDeps, model: Model): ModelView {
  const { id, name, managedBy: manager } = model
  const stored = manager === 'store' ? deps.state().models.get(id) : undefined
  const { status, lastChecked, checkedBy, lastUsed } = deps.modelHealth(model)
  const routes = deps.snapshot().routes()
  return {
    id,
    name,
    display_name: model.displayName,
    source: sourceOf(model),
    integration: model.connections.some(({ custom }) => custom !== null) ? 'api' : 'easy',
    is_embedding: model.kind === 'embedding',
    embedding_dimensions: model.embeddingDimensions,
    supported_stages: [...model.stages],
    team_access: model.teamAccess === 'all' ? 'all' : [...model.teamAccess],
    policy: model.policy,
    builtin: model.builtin,
    used_by_routes: routes.filter((route) => namesModel(route, name)).map((route) => route.name),
    last_used_at: time(lastUsed),
    health: { status, last_checked: time(lastChecked), checked_by: checkedBy },
    connections: model.connections.map((connection) => viewOfConnection(deps, connection)),
    managed_by: manager,
    shadows: shadowsOf(deps.snapshot(), id),
    version: stored?.version ?? null,
    added_by: stored?.added_by ?? null,
    added_on: stored?.added_on ?? null,
    updated_on: stored?.updated_on ?? null,
  }
}

/** Whether a route names a model, for some stage or where none is told. */
export function namesModel(
  route: {
    readonly default: readonly string[]
    readonly stages: Readonly<Record<string, readonly string[] | undefined>>
  },
  name: string,
): boolean {
  return [route.default, ...Object.values(route.stages)].some((list) =>
    list?.some((listed) => nameKey(listed) === nameKey(name)),
  )
}

/** A host says more than `openai_compatible` does. */
function sourceOf({ connections: [first] }: Model): string {
  if (first === undefined) return ''
  const { custom, credential, provider } = first
  const url = custom === null ? credential.settings['base_url'] : String(custom['url'])
  return (url === undefined ? null : URL.parse(url)?.host) ?? provider
}

function time(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms)
}
