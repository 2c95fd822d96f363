import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono, type Context } from 'hono'
import { errorBody, GatewayError } from '../core/errors.ts'
import type { Operation } from '../core/openai.ts'
import { allowOrigin } from './cors.ts'
import type { ProxyDeps } from './deps.ts'
import { listModels, retrieveModel } from './models.ts'
import { createScratch } from './scratch.ts'
import { serve, type Visit } from './serve.ts'
import { visited } from './visit.ts'

type Env = { Bindings: HttpBindings }

const paths: Record<Operation, string> = {
  chat: 'chat/completions',
  completions: 'completions',
  embeddings: 'embeddings',
}

/**
 * The data plane. Handlers read and write Node's own request and response: bytes go from the upstream's socket to the
 * client's without a web stream in between.
 */
export function createProxy(deps: ProxyDeps): Hono<Env> {
  const app = new Hono<Env>()
  const join = createScratch()
  const route =
    (
      operation: Operation | 'models' | 'other',
      work: (visit: Visit, context: Context<Env>) => Promise<void>,
    ) =>
    async (context: Context<Env>): Promise<Response> => {
      await visited(deps, context.env.incoming, context.env.outgoing, operation, (visit) =>
        work(visit, context),
      )
      return RESPONSE_ALREADY_SENT
    }
  for (const [operation, path] of Object.entries(paths) as [Operation, string][]) {
    app.post(
      `/v1/${path}`,
      route(operation, (visit) => serve(visit, operation, null, join)),
    )
    // The AzureOpenAI class of OpenAI's SDK names the model in the path.
    app.post(
      `/openai/deployments/:model/${path}`,
      route(operation, (visit, context) => serve(visit, operation, context.req.param('model') ?? null, join)),
    )
  }
  app.get('/v1/models', route('models', listModels))
  app.get(
    '/v1/models/:model{.+}',
    route('models', (visit, context) => retrieveModel(visit, context.req.param('model') ?? '')),
  )
  for (const prefix of ['/v1', '/openai']) {
    app.options(`${prefix}/*`, (context) => {
      allowOrigin(deps.corsOrigins, context.env.incoming, context.env.outgoing)
      context.env.outgoing.writeHead(204).end()
      return RESPONSE_ALREADY_SENT
    })
  }
  // Not a route for everything: with a second route that fits, hono takes its slower way for every request.
  app.notFound(route('other', unsupported))
  app.onError(() => {
    const error = new GatewayError('internal_error', 'The gateway failed to handle this request.')
    return Response.json(errorBody(error), { status: error.status })
  })
  return app
}

async function unsupported(): Promise<void> {
  throw new GatewayError(
    'unsupported_endpoint',
    'This endpoint is not supported; the gateway serves chat completions, completions, embeddings and models.',
  )
}
