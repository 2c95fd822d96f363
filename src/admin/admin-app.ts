import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { z } from '@hono/zod-openapi'
import { type Context, Hono } from 'hono'
import type { Authenticator } from '../access/authenticate.ts'
import { apiPrefix, createDocument } from './document.ts'
import type { Endpoint, Visit } from './endpoint.ts'
import { check, readJson, readQuery } from './read-input.ts'
import { AdminRefusal, notFound } from './refusal.ts'
import { refusalFor, refuse, respond } from './respond.ts'
import { addDocumentation } from './swagger.ts'

type Env = { Bindings: HttpBindings }

/** A request of a known actor that was refused; for the audit trail. */
export interface RefusedVisit {
  readonly visit: Visit
  readonly method: string
  readonly path: string
  readonly refusal: AdminRefusal
}

export interface AdminOptions {
  readonly endpoints: readonly Endpoint[]
  readonly authenticate: Authenticator
  readonly remoteAddress: (incoming: IncomingMessage) => string
  readonly version: string
  readonly makeId: () => string
  /** A fault within the gateway; the client is told nothing of it. */
  readonly onFault: (error: unknown, requestId: string) => void
  /** Never rejects; waited for before the refusal is answered. */
  readonly onRefused: (refused: RefusedVisit) => Promise<void>
}

const nothing = z.strictObject({})

/** The control plane: `/ai/api/v1`, `/ai/openapi.json`, `/ai/docs`. */
export function createAdmin(options: AdminOptions): Hono<Env> {
  const { endpoints, version, makeId, onFault } = options
  const app = new Hono<Env>()
  for (const endpoint of endpoints) {
    app.on(endpoint.method.toUpperCase(), honoPath(endpoint.path), async (context) => {
      const requestId = makeId()
      try {
        return respond(await visited(context, endpoint, requestId, options), requestId)
      } catch (error) {
        const refusal = refusalFor(error)
        // Where the client left, what it was sending breaks off, and nobody reads the answer.
        if (refusal === null && !context.req.raw.signal.aborted) onFault(error, requestId)
        return refuse(refusal ?? internal(), requestId)
      }
    })
  }
  addDocumentation(app, createDocument(endpoints, version))
  app.all(`${apiPrefix}/*`, (context) => refuse(elsewhere(context.req.path, endpoints), makeId()))
  app.all('/ai/*', () => refuse(notFound('page'), makeId()))
  return app
}

/** Establishes who calls, checks what came by the endpoint's schemas, and lets it answer. */
async function visited(
  context: Context<Env>,
  endpoint: Endpoint,
  requestId: string,
  { authenticate, remoteAddress, onRefused }: AdminOptions,
) {
  const { req: request, env } = context
  const address = remoteAddress(env.incoming)
  const principal = await authenticate({
    authorization: request.header('authorization'),
    apiKey: undefined,
    remoteAddress: address,
    allowAdminToken: true,
  })
  const visit: Visit = {
    principal,
    requestId,
    address,
    ifMatch: request.header('if-match'),
    signal: request.raw.signal,
  }
  try {
    if (!principal.admin) {
      throw new AdminRefusal('forbidden', 'The control plane needs an admin role, which this token has not.')
    }
    const input = {
      params: check(endpoint.params ?? nothing, request.param()),
      query: check(endpoint.query ?? nothing, readQuery(request.queries())),
      body:
        endpoint.body === undefined ? undefined : check(endpoint.body, await readJson(request.raw, endpoint)),
    }
    return await endpoint.handle(input, visit)
  } catch (error) {
    const refusal = refusalFor(error)
    // What was only asked for and not found changes nothing; an attempt without the right is worth knowing.
    if (refusal !== null && (endpoint.method !== 'get' || refusal.status === 403)) {
      await onRefused({ visit, method: request.method, path: endpoint.path, refusal })
    }
    throw error
  }
}

/** `/models/{id}` as hono writes it. */
function honoPath(path: string): string {
  return `${apiPrefix}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`
}

/** A path that is there for other methods is told apart from one that is not there. */
function elsewhere(path: string, endpoints: readonly Endpoint[]): AdminRefusal {
  const fits = (pattern: string) =>
    new RegExp(`^${apiPrefix}${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path)
  const methods = endpoints
    .filter((endpoint) => fits(endpoint.path))
    .map(({ method }) => method.toUpperCase())
  if (methods.length === 0) return notFound('endpoint')
  const allow = methods.join(', ')
  return new AdminRefusal('method_not_allowed', `This endpoint takes ${allow}.`, { headers: { allow } })
}

function internal(): AdminRefusal {
  return new AdminRefusal('internal_error', 'The gateway failed to handle this request.')
}
