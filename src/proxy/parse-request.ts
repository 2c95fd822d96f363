import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../core/errors.ts'
import { outlineOf } from '../core/json/outline.ts'
import type { Pieces } from '../core/json/pieces.ts'
import { scanTopLevel, type LongStrings, type TopLevel } from '../core/json/top-level.ts'
import type { ChatRequest, CompletionsRequest, EmbeddingsRequest, Operation } from '../core/openai.ts'
import { checkBody } from './check-body.ts'

/** Deeper nesting than any real tool schema has; a parser is never given more. */
const maxDepth = 128

/** From here on it costs less not to decode long strings than to look for them; at 10 KB it costs 25 µs more. */
export const outlinedBytes = 32 * 1024

export type ParsedBody =
  | { readonly operation: 'chat'; readonly body: ChatRequest }
  | { readonly operation: 'embeddings'; readonly body: EmbeddingsRequest }
  | { readonly operation: 'completions'; readonly body: CompletionsRequest }

export type ParsedRequest = ParsedBody & {
  readonly raw: TopLevel
  /** The model as the client named it, without `#connection`. */
  readonly modelName: string
  readonly connectionName: string | null
  readonly stream: boolean
  readonly includeUsage: boolean
}

/**
 * The client's body, checked as far as the gateway itself relies on it. `pathModel` is the deployment of an
 * Azure-style path, which stands for `model`. `pieces` are the same bytes as they are to be kept: of `bytes` nothing is
 * kept then.
 * Throws 400 `invalid_json` or `invalid_request`, naming the field.
 */
export function parseRequest(
  bytes: Buffer,
  operation: Operation,
  pathModel: string | null,
  pieces: Pieces = [bytes],
): ParsedRequest {
  const { top: raw, longStrings } = scan(bytes, pieces)
  refuseDuplicates(raw)
  const checked =
    longStrings.length === 0 || bytes.length < outlinedBytes
      ? checkBody(operation, parseJson(bytes), pathModel)
      : checkLong(bytes, operation, { raw, longStrings }, pathModel)
  const named = pathModel ?? checked.body.model
  const hash = named.indexOf('#')
  const body = checked.body as {
    stream?: boolean | null
    stream_options?: { include_usage?: boolean } | null
  }
  const stream = operation !== 'embeddings' && body.stream === true
  return {
    ...checked,
    raw,
    modelName: hash < 0 ? named : named.slice(0, hash),
    connectionName: hash < 0 ? null : named.slice(hash + 1),
    stream,
    includeUsage: stream && body.stream_options?.include_usage === true,
  }
}

/** As for any other body, but that its long strings are not decoded before somebody asks for them. */
function checkLong(
  bytes: Buffer,
  operation: Operation,
  { raw, longStrings }: { raw: TopLevel; longStrings: LongStrings },
  pathModel: string | null,
): ParsedBody {
  const outline = parsed(() => outlineOf(bytes, raw, longStrings))
  const checked = checkBody(operation, outline.object, pathModel)
  outline.restore()
  return checked
}

function scan(bytes: Buffer, pieces: Pieces): { top: TopLevel; longStrings: LongStrings } {
  if (bytes.length === 0)
    throw new GatewayError('invalid_json', 'The request body is empty; a JSON object is expected.')
  if (!isUtf8(bytes)) throw new GatewayError('invalid_json', 'The request body is not valid UTF-8.')
  const result = scanTopLevel(bytes, maxDepth, pieces)
  switch (result.kind) {
    case 'object':
      return result
    case 'too-deep':
      throw new GatewayError('invalid_request', `The request body is nested deeper than ${maxDepth} levels.`)
    case 'too-many':
      throw new GatewayError('invalid_request', `The request body has more than ${result.what}.`)
    case 'not-an-object':
      parseJson(bytes)
      throw new GatewayError('invalid_request', 'The request body must be a JSON object.')
    case 'malformed':
      parseJson(bytes)
      throw new GatewayError('invalid_json', 'The request body is not valid JSON.')
  }
}

function parseJson(bytes: Buffer): Record<string, unknown> {
  return parsed(() => JSON.parse(bytes.toString('utf8')) as Record<string, unknown>)
}

function parsed<Result>(parse: () => Result): Result {
  try {
    return parse()
  } catch {
    // The parser's own message quotes the text around the fault: message content, which belongs in no log.
    throw new GatewayError('invalid_json', 'The request body is not valid JSON.')
  }
}

/**
 * What was authorised must be what is sent. Parsers disagree on which of two equal members counts, and some upstreams
 * match names without regard to case, so `model` and `stream` must each stand once, in whatever spelling.
 */
function refuseDuplicates(raw: TopLevel): void {
  let models = 0
  let streams = 0
  for (const { key } of raw.members) {
    // In capitals, since to them other letters than the plain ones fold as well (`ſtream`).
    const name = key.length === 5 || key.length === 6 ? key.toUpperCase() : ''
    if (name === 'MODEL') models += key === 'model' ? 1 : 2
    if (name === 'STREAM') streams += key === 'stream' ? 1 : 2
  }
  const param = models > 1 ? 'model' : streams > 1 ? 'stream' : null
  if (param === null) return
  throw new GatewayError(
    'invalid_request',
    `The request body names \`${param}\` more than once or misspelt.`,
    {
      param,
    },
  )
}
