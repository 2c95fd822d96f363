import { z } from '@hono/zod-openapi'
import type { Connection, Model } from '../../core/entities.ts'
import { failureReasons } from '../../core/failure.ts'
import type { Asker } from '../../routing/health/ask.ts'
import type { ConnectionHealth } from '../../routing/health/connection-health.ts'
import type { HealthEvidence } from '../../routing/health/evidence.ts'
import type { Prober } from '../../routing/health/prober.ts'
import type { AdminDeps } from '../deps.ts'
import { type Endpoint, endpoint, type Visit } from '../endpoint.ts'
import { idParams, timeView } from '../fields.ts'
import { isoTime } from '../records.ts'
import { AdminRefusal, notFound } from '../refusal.ts'

const standing = {
  status: z.enum(['healthy', 'unhealthy', 'unknown']),
  last_checked: timeView,
  checked_by: z.enum(['probe', 'traffic']).nullable(),
}

const healthView = z
  .strictObject({
    ...standing,
    connections: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        ...standing,
        reason: z.enum(failureReasons).nullable(),
        message: z.string().nullable().openapi({ description: "The provider's words" }),
        last_success: timeView,
        latency_ms: z.number().nullable(),
        cooldown_until: timeView,
        ejections: z.int(),
      }),
    ),
  })
  .openapi('ModelHealth')

const testResult = z
  .strictObject({
    success: z.boolean(),
    text: z.string().optional(),
    dimensions: z.int().optional(),
    usage: z.strictObject({ input: z.int(), output: z.int() }).nullable().optional(),
    error: z.string().optional(),
    latency_ms: z.number(),
  })
  .openapi('TestResult')

export interface HealthDeps extends Pick<AdminDeps, 'snapshot'> {
  readonly evidence: Pick<HealthEvidence, 'connection' | 'model' | 'refresh'>
  readonly prober: Pick<Prober, 'refresh'>
  readonly asker: Pick<Asker, 'ask'>
}

const tag = 'Health'

/** `/config/llm/{id}/health`, `…/health/refresh` and `…/test` (design §5). */
export function healthEndpoints(deps: HealthDeps): Endpoint[] {
  const { snapshot, evidence, prober } = deps
  const found = (id: string): Model => snapshot().model(id) ?? raise()
  return [
    endpoint({
      method: 'get',
      path: '/config/llm/{id}/health',
      tag,
      summary: 'The health of a model and of each connection',
      params: idParams,
      answers: { 200: { description: 'By the newest evidence', schema: healthView } },
      async handle({ params }) {
        await evidence.refresh(5_000)
        return { status: 200, body: viewOf(deps, found(params.id)) }
      },
    }),
    endpoint({
      method: 'post',
      path: '/config/llm/{id}/health/refresh',
      tag,
      summary: 'Probe its connections now',
      description: 'A connection that passes returns to the pool at once.',
      params: idParams,
      answers: { 200: { description: 'What was found', schema: healthView } },
      async handle({ params }) {
        await prober.refresh(found(params.id).connections.filter(({ enabled }) => enabled))
        return { status: 200, body: viewOf(deps, found(params.id)) }
      },
    }),
    endpoint({
      method: 'post',
      path: '/config/llm/{id}/test',
      tag,
      summary: 'Send a prompt, whatever the pool thinks of the connection',
      params: idParams,
      body: z.strictObject({
        prompt: z.string().min(1).max(100_000),
        connection: z.string().max(200).optional(),
      }),
      answers: { 200: { description: 'The answer, or why there is none', schema: testResult } },
      async handle({ params, body }, visit) {
        const model = found(params.id)
        const connection = chosen(model, body.connection)
        return { status: 200, body: await tested(deps, model, connection, body.prompt, visit) }
      },
    }),
  ]
}

/** The one that is named, else the first that is switched on. */
function chosen({ connections }: Model, name: string | undefined): Connection {
  const connection =
    name === undefined
      ? (connections.find(({ enabled }) => enabled) ?? connections[0])
      : connections.find((known) => known.name === name)
  if (connection !== undefined) return connection
  throw new AdminRefusal('not_found', 'The model has no such connection.', { field: 'connection' })
}

async function tested(
  { asker }: HealthDeps,
  model: Model,
  connection: Connection,
  prompt: string,
  { signal }: Visit,
): Promise<z.input<typeof testResult>> {
  const isEmbedding = model.kind === 'embedding'
  const body = isEmbedding ? { input: prompt } : { messages: [{ role: 'user', content: prompt }] }
  const asked = await asker.ask({
    connection,
    operation: isEmbedding ? 'embeddings' : 'chat',
    body: { model: model.name, ...body },
    signal,
  })
  if (!asked.ok) {
    const status = asked.status ?? asked.error.status
    return { success: false, error: `${status}: ${asked.message}`, latency_ms: asked.latencyMs }
  }
  const { latencyMs, text, dimensions, usage } = asked
  const counted = usage === null ? null : { input: usage.input, output: usage.output }
  return isEmbedding
    ? { success: true, dimensions: dimensions ?? 0, usage: counted, latency_ms: latencyMs }
    : { success: true, text: text ?? '', usage: counted, latency_ms: latencyMs }
}

function viewOf({ evidence }: HealthDeps, model: Model): z.input<typeof healthView> {
  const { status, lastChecked, checkedBy } = evidence.model(model)
  return {
    status,
    last_checked: time(lastChecked),
    checked_by: checkedBy,
    connections: model.connections.map((connection) =>
      connectionView(connection, evidence.connection(connection)),
    ),
  }
}

function connectionView({ id, name }: Connection, health: ConnectionHealth) {
  return {
    id,
    name,
    status: health.status,
    last_checked: time(health.lastChecked),
    checked_by: health.checkedBy,
    reason: health.reason,
    message: health.message,
    last_success: time(health.lastSuccess),
    latency_ms: health.latencyMs,
    cooldown_until: time(health.cooldownUntil),
    ejections: health.ejections,
  }
}

function time(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms)
}

function raise(): never {
  throw notFound('model')
}
