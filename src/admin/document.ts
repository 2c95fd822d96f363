import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Endpoint } from './endpoint.ts'
import { refusalCodes } from './refusal.ts'

export const apiPrefix = '/ai/api/v1'

const refusal = z
  .strictObject({
    error: z.strictObject({
      message: z.string(),
      code: z.string().openapi({ description: `One of ${refusalCodes.join(', ')}, or an access code` }),
      field: z.string().optional().openapi({ description: 'The field at fault, as `connections[0].weight`' }),
    }),
  })
  .openapi('Error')

/** What any endpoint may answer instead of a success. */
const refusals = {
  400: 'The request is not well formed, or a field is not valid',
  401: 'No token, or none that is accepted',
  403: 'The token does not open the control plane',
  404: 'There is no such thing',
  409: 'It would contradict what is there',
  412: 'The `If-Match` header does not hold',
  413: 'The body is too large',
  415: 'The body is not JSON',
  503: 'The state cannot be read or written now; nothing was changed',
} as const

/** What each group of endpoints is about. */
const tagDescriptions = {
  Credentials: 'Secrets and settings of accounts at providers',
  Models: 'What clients name in `model`',
  Connections: 'The ways to reach a model',
  Health: 'What is known of connections, and asking anew',
  Explain: 'What the next request would try',
  Providers: 'The catalogue',
  Teams: 'Who may use what',
  Keys: "The gateway's own tokens for applications",
  Routes: 'Models that depend on the stage of a request',
  Audit: 'Who did what',
} as const

export type Tag = keyof typeof tagDescriptions

const json = (schema: z.ZodType) => ({ 'application/json': { schema } })

/** The OpenAPI 3.1 document, from the schemas by which requests are checked. */
export function createDocument(endpoints: readonly Endpoint[], version: string): object {
  const { openAPIRegistry: registry, getOpenAPI31Document } = new OpenAPIHono()
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'A JWT with an admin role of its issuer, a gateway admin token, or MODELGATE_ADMIN_TOKEN',
  })
  for (const endpoint of endpoints) {
    registry.registerPath({
      method: endpoint.method,
      path: `${apiPrefix}${endpoint.path}`,
      operationId: operationId(endpoint),
      tags: [endpoint.tag],
      summary: endpoint.summary,
      ...(endpoint.description === undefined ? {} : { description: endpoint.description }),
      security: [{ bearer: [] }],
      request: requestOf(endpoint),
      responses: {
        ...Object.fromEntries(
          Object.entries(endpoint.answers).map(([status, { description, schema }]) => [
            status,
            { description, ...(schema === undefined ? {} : { content: json(schema) }) },
          ]),
        ),
        ...Object.fromEntries(
          Object.entries(refusals).map(([status, description]) => [
            status,
            { description, content: json(refusal) },
          ]),
        ),
      },
    })
  }
  const used = new Set(endpoints.map(({ tag }) => tag))
  const tags = [...used].map((name) => ({ name, description: tagDescriptions[name] }))
  return getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Modelgate control plane',
      version,
      description:
        'Credentials, models, connections, teams, keys and routes of the gateway, and their health.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
    tags,
  })
}

function requestOf({ params, query, body, bodyOptional = false, method }: Endpoint) {
  const ifMatch = z.object({
    'if-match': z.string().optional().openapi({ description: 'The `etag` that must still hold' }),
  })
  return {
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { query }),
    ...(method === 'patch' || method === 'delete' ? { headers: ifMatch } : {}),
    ...(body === undefined ? {} : { body: { required: !bodyOptional, content: json(body) } }),
  }
}

/** `GET /config/llm/{id}/health` is `get_config_llm_id_health`. */
function operationId({ method, path }: Endpoint): string {
  return `${method}${path.replaceAll(/[^\w]+/g, '_').replace(/_$/, '')}`
}
