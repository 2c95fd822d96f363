import type { z } from '@hono/zod-openapi'
import type { Principal } from '../core/entities.ts'
import type { Tag } from './document.ts'

export type Method = 'get' | 'post' | 'patch' | 'delete'

/** One request of a caller whose right to the control plane is established. */
export interface Visit {
  readonly principal: Principal
  readonly requestId: string
  /** Of the caller, trusted proxies taken into account. */
  readonly address: string
  /** The header `if-match` as it came. */
  readonly ifMatch: string | undefined
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
}

export interface Answer {
  readonly status: number
  /** JSON; undefined: none. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

interface Described {
  readonly description: string
  /** Absent: an answer without a body. */
  readonly schema?: z.ZodType
}

interface Input<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
}

export interface EndpointOptions<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
> {
  readonly method: Method
  /** Below `/ai/api/v1`, parameters as `{id}`. */
  readonly path: `/${string}`
  readonly tag: Tag
  readonly summary: string
  readonly description?: string
  readonly params?: Params
  /** Strict objects: unknown query parameters are refused by name like unknown fields. */
  readonly query?: Query
  readonly body?: Body
  /** An absent body counts as `{}`. */
  readonly bodyOptional?: boolean
  /** The successes; what may be refused is the same everywhere and described once. */
  readonly answers: Readonly<Record<number, Described>>
  handle(input: Input<z.output<Params>, z.output<Query>, z.output<Body>>, visit: Visit): Promise<Answer>
}

/** An endpoint whose input is yet to be checked, by the schemas that its document shows. */
export interface Endpoint extends Omit<EndpointOptions<z.ZodObject, z.ZodObject, z.ZodType>, 'handle'> {
  handle(input: Input<unknown, unknown, unknown>, visit: Visit): Promise<Answer>
}

/** Ties a handler's types to its schemas. */
export function endpoint<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
>(options: EndpointOptions<Params, Query, Body>): Endpoint {
  return {
    ...options,
    // What `handle` is given has passed the schemas by then.
    handle: (input, visit) =>
      options.handle(input as Input<z.output<Params>, z.output<Query>, z.output<Body>>, visit),
  }
}
