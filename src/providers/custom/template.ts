import type { Connection } from '../../core/entities.ts'

/** A `custom` upstream as the control plane saved it (design §5, custom HTTP APIs); every `…Expression` is JSONata. */
export interface CustomTemplate {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT'
  /** A value may name secrets of the credential: `Bearer {{api_key}}`. The signer fills them in. */
  readonly headers?: Readonly<Record<string, string>>
  readonly request: string
  readonly response: {
    readonly text?: string
    readonly embeddings?: string
    readonly tool_calls?: string
    readonly finish_reason?: string
    readonly usage?: UsageExpressions
    readonly error?: string
  }
  readonly stream?: {
    readonly format: 'sse' | 'ndjson'
    readonly delta: string
    readonly done?: string
    readonly usage?: UsageExpressions
    readonly error?: string
  }
}

export interface UsageExpressions {
  readonly input: string
  readonly output: string
}

/** One expression and its place in the template, `response.usage.input`. */
export interface NamedExpression {
  readonly name: string
  readonly source: string
}

/** The template of a connection; its shape was checked when it was saved. */
export function templateOf({ id, custom }: Connection): CustomTemplate {
  if (custom === null) throw new Error(`connection ${id} is custom and has no template`)
  return custom as unknown as CustomTemplate
}

/** What an answer is read with, in the template's order. */
export function responseExpressions({ response }: CustomTemplate): NamedExpression[] {
  const { usage, ...rest } = response
  return [...named('response', rest), ...named('response.usage', { ...usage })]
}

/** What each event of a stream is read with; none where the upstream does not stream. */
export function streamExpressions({ stream }: CustomTemplate): NamedExpression[] {
  if (stream === undefined) return []
  const { format: _format, usage, ...rest } = stream
  return [...named('stream', rest), ...named('stream.usage', { ...usage })]
}

function named(place: string, expressions: Readonly<Record<string, string | undefined>>): NamedExpression[] {
  return Object.entries(expressions).flatMap(([name, source]) =>
    source === undefined ? [] : [{ name: `${place}.${name}`, source }],
  )
}
