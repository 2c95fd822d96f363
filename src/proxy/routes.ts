import type { IncomingMessage, ServerResponse } from 'node:http'
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

/** The data plane, in the order in which a request is shown to its parts. */
export interface Proxy {
  /**
   * Takes the requests that all the load is made of, straight from Node: a router, and web requests and responses made
   * for it, cost a tenth of what the gateway spends on one. Answers whether the request is one of these.
   */
  readonly take: (incoming: IncomingMessage, outgoing: ServerResponse) => boolean
  readonly app: Hono<Env>
}

/**
 * Handlers read and write Node's own request and response: bytes go from the upstream's socket to the client's without
 * a web stream in between.
 */
export function createProxy(deps: ProxyDeps): Proxy {
  const app = new Hono<Env>()
  const join = createScratch()
  const operations = new Map<string, Operation>()
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
    operations.set(`/v1/${path}`, operation)
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
  return {
    app,
    take(incoming, outgoing) {
      const operation = incoming.method === 'POST' ? operations.get(pathOf(incoming.url ?? '')) : undefined
      if (operation === undefined) return false
      void visited(deps, incoming, outgoing, operation, (visit) => serve(visit, operation, null, join))
      return true
    },
  }
}

/** Of a request target in origin or absolute form (RFC 9112 §3.2), without its query. */
function pathOf(target: string): string {
  if (!target.startsWith('/')) return URL.parse(target)?.pathname ?? ''
  const query = target.indexOf('?')
  return query < 0 ? target : target.slice(0, query)
}

async function unsupported(): Promise<void> {
  throw new GatewayError(
    'unsupported_endpoint',
    'This endpoint is not supported; the gateway serves chat completions, completions, embeddings and models.',
  )
}
