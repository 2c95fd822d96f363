import { GatewayError } from '../core/errors.ts'
import { scrubProse } from './scrub.ts'

/** An error as the log shows it. */
export interface ErrorView {
  readonly type: string
  readonly message: string
  readonly code?: string
  readonly reason?: string
  readonly upstream?: { readonly status: number | null; readonly message: string }
  /** What caused it, by name alone: its message is another library's, and may quote what must not be logged. */
  readonly cause?: { readonly type: string; readonly code?: string }
  readonly stack?: readonly string[]
}

const longestMessage = 1000
const longestStack = 20

/**
 * Only these members of an error, keys taken out: libraries hang requests, headers and bodies on theirs. The gateway's
 * own errors are expected and say where they come from, so that no stack is shown for them.
 */
export function errorView(error: Error): ErrorView {
  const view = { type: error.name, message: messageOf(error), ...codeOf(error), ...causeOf(error) }
  if (!(error instanceof GatewayError)) return { ...view, stack: framesOf(error) }
  const { reason, upstream } = error
  return {
    ...view,
    ...(reason === null ? {} : { reason }),
    ...(upstream === null
      ? {}
      : { upstream: { status: upstream.status, message: shorten(scrubProse(upstream.message)) } }),
  }
}

function messageOf(error: Error): string {
  // JSON.parse quotes the text that it could not read.
  const quoted = error instanceof SyntaxError ? error.message.search(/,\s(?:\.\.\.)?"/) : -1
  return shorten(scrubProse(quoted < 0 ? error.message : error.message.slice(0, quoted)))
}

function codeOf(error: Error): { code?: string } {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? { code } : {}
}

function causeOf({ cause }: Error): { cause?: { type: string; code?: string } } {
  return cause instanceof Error ? { cause: { type: cause.name, ...codeOf(cause) } } : {}
}

/** Without the lines above the frames, which say the message once more. */
function framesOf({ stack = '' }: Error): string[] {
  const frames = stack.split('\n').flatMap((line) => (/^\s+at /.test(line) ? [scrubProse(line.trim())] : []))
  return frames.slice(0, longestStack)
}

function shorten(text: string): string {
  return text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text
}
