import { GatewayError } from '../../core/errors.ts'
import { scrub } from '../shared/scrub.ts'
import { malformed } from '../shared/upstream-error.ts'

/** `failed`: the expression itself; `bounds`: it took too long or too much; `busy`: it has not been tried. */
export type ExpressionErrorKind = 'failed' | 'bounds' | 'busy'

/** An expression that came to nothing. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly kind: ExpressionErrorKind
  /** Its place in the template; null where none of them is at fault. */
  readonly expression: string | null
  /** Characters from its beginning, where known. */
  readonly position: number | null

  constructor(
    kind: ExpressionErrorKind,
    message: string,
    { expression = null, position = null }: { expression?: string | null; position?: number | null } = {},
  ) {
    super(message)
    this.kind = kind
    this.expression = expression
    this.position = position
  }
}

/** A request that the template cannot put into the provider's words: the request's own, and no mark on the connection. */
export function requestFault(error: unknown): unknown {
  if (!(error instanceof ExpressionError)) return error
  if (error.kind === 'busy') return new GatewayError('overloaded', error.message)
  return new GatewayError('invalid_request', `The template of this model cannot send it: ${told(error)}`)
}

/** An answer that the template cannot read: the provider's failure. */
export function answerFault(error: unknown): unknown {
  if (!(error instanceof ExpressionError)) return error
  if (error.kind === 'busy') return new GatewayError('overloaded', error.message)
  return malformed(`The template of this model cannot read the provider's answer: ${told(error)}`)
}

function told({ expression, position, message }: ExpressionError): string {
  const place = position === null ? '' : ` at character ${position}`
  return scrub(expression === null ? message : `\`${expression}\`${place}: ${message}`)
}
