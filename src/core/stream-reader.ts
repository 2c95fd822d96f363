import type { GatewayError } from './errors.ts'
import type { Eventually } from './provider.ts'
import type { Usage } from './usage.ts'

/** What one network chunk of the upstream comes to on the client's side. */
export interface StreamStep {
  /** Whole events in OpenAI's form, or null for none. */
  readonly output: Uint8Array | string | null
  /** Payload events seen, comments not counted: what keeps the idle deadline away. */
  readonly events: number
  /** Content, reasoning, a tool call or a finish is among them: the point after which nothing is retried. */
  readonly real: boolean
  /** The protocol's own end has come; what follows is ignored. */
  readonly finished: boolean
}

export interface StreamFinal {
  readonly output: Uint8Array | string | null
  readonly usage: Usage | null
  /** Set where the stream broke off or failed: the answer is not complete. */
  readonly error: GatewayError | null
}

/** Turns an upstream's bytes into OpenAI's events; one per response. `push` throws GatewayError for a failure in the stream. */
export interface StreamReader {
  push(chunk: Buffer): Eventually<StreamStep>
  /** A promise only where the last event came without its end, and the translator answers with promises. */
  end(): Eventually<StreamFinal>
}
