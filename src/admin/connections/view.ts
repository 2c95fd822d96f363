import { z } from '@hono/zod-openapi'
import type { Connection } from '../../core/entities.ts'
import { failureReasons } from '../../core/failure.ts'
import type { ConnectionStatus } from '../../routing/status.ts'
import type { AdminDeps } from '../deps.ts'
import { managedBy, timeView, versionView } from '../fields.ts'
import { isoTime } from '../records.ts'

const stateView = z.strictObject({
  state: z.enum(['ready', 'cooling', 'trial', 'unhealthy', 'disabled']),
  reason: z.enum(failureReasons).nullable(),
  message: z.string().nullable().openapi({ description: "Why, in the provider's words" }),
  until: timeView,
  ejections: z.int(),
  in_flight: z.int().openapi({ description: 'Requests under way, of this replica' }),
  latency_ms: z.number().nullable(),
})

export const connectionView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    model_id: z.string(),
    llm_credentials_id: z
      .string()
      .nullable()
      .openapi({ description: 'null: its credential is its own, and not listed' }),
    credentials_name: z.string(),
    provider: z.string(),
    model_name: z.string(),
    weight: z.number(),
    priority: z.int(),
    enabled: z.boolean(),
    probe: z.boolean(),
    region: z.string().nullable(),
    overrides: z.record(z.string(), z.unknown()),
    custom: z.record(z.string(), z.unknown()).nullable(),
    state: stateView,
    managed_by: managedBy,
    version: versionView,
    added_by: z.string().nullable(),
    added_on: timeView,
    updated_on: timeView,
  })
  .openapi('Connection')

export type ConnectionView = z.input<typeof connectionView>

export interface ConnectionViewDeps extends Pick<AdminDeps, 'snapshot' | 'state'> {
  readonly status: (connection: Connection) => ConnectionStatus
}

export function viewOfConnection(deps: ConnectionViewDeps, connection: Connection): ConnectionView {
  const { id, credential, managedBy: manager } = connection
  const stored = manager === 'store' ? deps.state().connections.get(id) : undefined
  const { state, reason, message, until, ejections, inFlight, latencyMs } = deps.status(connection)
  const isReusable = deps
    .snapshot()
    .credentials()
    .some((reusable) => reusable.id === credential.id)
  return {
    id,
    name: connection.name,
    model_id: connection.modelId,
    llm_credentials_id: isReusable ? credential.id : null,
    credentials_name: credential.name,
    provider: connection.provider,
    model_name: connection.modelName,
    weight: connection.weight,
    priority: connection.priority,
    enabled: connection.enabled,
    probe: connection.probe,
    region: connection.region,
    overrides: { ...connection.overrides },
    custom: connection.custom,
    state: {
      state,
      reason,
      message,
      until: until === null ? null : isoTime(until),
      ejections,
      in_flight: inFlight,
      latency_ms: latencyMs,
    },
    managed_by: manager,
    version: stored?.version ?? null,
    added_by: stored?.added_by ?? null,
    added_on: stored?.added_on ?? null,
    updated_on: stored?.updated_on ?? null,
  }
}
