import type { IncomingMessage } from 'node:http'
import type { Connection, Model } from '../core/entities.ts'
import { GatewayError } from '../core/errors.ts'
import type { Operation } from '../core/openai.ts'
import type { Asset, Call, Translator } from '../core/provider.ts'
import { requireProvider, type ProxyDeps } from './deps.ts'
import { headersForUpstream } from './headers.ts'
import type { ParsedRequest } from './parse-request.ts'

/** A request that is allowed and whose model can serve it: what every attempt at it shares. */
export interface Prepared {
  readonly request: ParsedRequest
  readonly unfit: ReadonlySet<string>
  translator(connection: Connection): Translator
  /** `traceparent`: in place of the client's; null leaves it. */
  call(connection: Connection, traceparent: string | null): Call
}

const idPrefix: Record<Operation, string> = { chat: 'chatcmpl-', completions: 'cmpl-', embeddings: 'embd-' }

/** Throws 400 `unsupported_operation` where the model is of the other kind, or no provider in question has the operation. */
export function prepare(
  deps: ProxyDeps,
  incoming: IncomingMessage,
  request: ParsedRequest,
  model: Model,
  connectionName: string | null,
): Prepared {
  const { operation } = request
  if ((operation === 'embeddings') !== (model.kind === 'embedding')) {
    const able = model.kind === 'embedding' ? 'embeddings' : 'text generation'
    throw new GatewayError('unsupported_operation', `The model \`${model.name}\` serves ${able} only.`, {
      param: 'model',
    })
  }
  const unfit = unfitFor(deps, operation, model)
  const isWanted = ({ name }: Connection) => connectionName === null || name === connectionName
  if (
    unfit.size > 0 &&
    model.connections.every((connection) => !isWanted(connection) || unfit.has(connection.id))
  ) {
    throw new GatewayError(
      'unsupported_operation',
      `The provider of \`${model.name}\` has no ${operation} operation; use chat completions.`,
      { param: 'model' },
    )
  }
  const shared = {
    ...withDimensions(request, model),
    id: idPrefix[operation] + deps.makeId(),
    created: Math.floor(deps.clock.now() / 1000),
    stream: request.stream,
    includeUsage: request.includeUsage,
    headers: headersForUpstream(incoming.headers),
    assets: new Map<string, Asset>(),
  }
  return {
    request,
    unfit,
    translator: (connection) => {
      const translator = requireProvider(deps, connection).operations[operation]
      if (translator === undefined) throw new Error(`${connection.provider} has no ${operation}`)
      return translator
    },
    call: (connection, traceparent) =>
      (traceparent === null
        ? { ...shared, connection }
        : { ...shared, connection, headers: { ...shared.headers, traceparent } }) as Call,
  }
}

const none: ReadonlySet<string> = new Set()

/** Connections whose provider does not have the operation: usually none, and then nothing is made for it. */
function unfitFor(deps: ProxyDeps, operation: Operation, { connections }: Model): ReadonlySet<string> {
  const isFit = (connection: Connection) =>
    requireProvider(deps, connection).operations[operation] !== undefined
  if (connections.every(isFit)) return none
  return new Set(connections.filter((connection) => !isFit(connection)).map(({ id }) => id))
}

/** The model's own `dimensions`, where the client names none. */
function withDimensions(request: ParsedRequest, model: Model): Pick<Call, 'operation' | 'body' | 'raw'> {
  const { operation, body, raw } = request
  if (
    operation !== 'embeddings' ||
    model.embeddingDimensions === null ||
    typeof body.dimensions === 'number'
  ) {
    return { operation, body, raw }
  }
  return { operation, body: { ...body, dimensions: model.embeddingDimensions }, raw }
}
