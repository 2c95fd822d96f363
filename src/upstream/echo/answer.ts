import type { Usage } from '../../core/usage.ts'
import { noUsage } from '../../core/usage.ts'

/** What the echo upstream says to one request: the body in the parts in which it is sent. */
export interface EchoAnswer {
  readonly status: number
  readonly contentType: 'application/json' | 'text/event-stream'
  readonly parts: Iterable<string>
}

/** Of one answer: its id and time. */
export interface EchoStamp {
  readonly id: string
  /** Unix seconds. */
  readonly created: number
}

export function json(body: unknown, status = 200): EchoAnswer {
  return { status, contentType: 'application/json', parts: [JSON.stringify(body)] }
}

export function events(parts: Iterable<string>): EchoAnswer {
  return { status: 200, contentType: 'text/event-stream', parts }
}

/** OpenAI's error object. */
export function refusal(status: number, message: string, param: string | null = null): EchoAnswer {
  return json({ error: { message, type: 'invalid_request_error', param, code: null } }, status)
}

/** Words for tokens. */
export function wordUsage(input: number, output: number): Usage {
  return { ...noUsage, input, output }
}
