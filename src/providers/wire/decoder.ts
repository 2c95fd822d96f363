import type { WireEvent } from '../../core/provider.ts'

export type OnEvent = (event: WireEvent) => void

/** Bytes to events, cut anywhere; one per response. */
export interface Decoder {
  /** Throws GatewayError (reason provider_down) for what the framing forbids, after the events before it. */
  push(chunk: Buffer, onEvent: OnEvent): void
  /** Once, at the end of the body: the last event, where only its final line end is missing. */
  end(onEvent: OnEvent): void
}
