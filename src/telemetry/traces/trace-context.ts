import { randomBytes } from 'node:crypto'
import type { TraceContext } from '../../core/record.ts'

const FORM = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

/** Continues the caller's trace, or begins one where its `traceparent` is missing or not as the standard has it. */
export function traceContext(traceparent: string | undefined): TraceContext {
  const spanId = newSpanId()
  const [, version, traceId = NO_TRACE, parentId = NO_SPAN, flags = '', more] =
    FORM.exec(traceparent ?? '') ?? []
  // Version 00 has nothing after the flags; later versions may; ff is no version (§3.2.2).
  const isKnown = version !== undefined && version !== 'ff' && (version !== '00' || more === undefined)
  if (!isKnown || traceId === NO_TRACE || parentId === NO_SPAN) {
    return { traceId: randomBytes(16).toString('hex'), spanId, parentId: null, sampled: true }
  }
  return { traceId, spanId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

export function newSpanId(): string {
  return randomBytes(8).toString('hex')
}

/** The header `traceparent` for what is sent on under a span. */
export function traceparentOf({ traceId, sampled }: TraceContext, spanId: string): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}
