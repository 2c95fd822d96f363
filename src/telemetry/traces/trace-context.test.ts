import { describe, expect, it } from 'vitest'
import { newSpanId, traceContext, traceparentOf } from './trace-context.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const parentId = '00f067aa0ba902b7'

describe('a trace', () => {
  it('is continued under a span of its own', () => {
    const context = traceContext(`00-${traceId}-${parentId}-01`)
    expect(context).toMatchObject({ traceId, parentId, sampled: true })
    expect(context.spanId).toMatch(/^[\da-f]{16}$/)
    expect(traceparentOf(context, 'b7ad6b7169203331')).toBe(`00-${traceId}-b7ad6b7169203331-01`)
  })

  it('is kept or not as its caller chose', () => {
    const context = traceContext(`00-${traceId}-${parentId}-00`)
    expect(context.sampled).toBe(false)
    expect(traceparentOf(context, newSpanId())).toMatch(/-00$/)
  })

  it('takes what a later version says in the places of this one', () => {
    expect(traceContext(`cc-${traceId}-${parentId}-01-what-the-future-brings`)).toMatchObject({
      traceId,
      parentId,
    })
  })

  it.each([
    undefined,
    '',
    `00-${traceId}-${parentId}`,
    `00-${traceId}-${parentId}-01-more`,
    `ff-${traceId}-${parentId}-01`,
    `00-${'0'.repeat(32)}-${parentId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
    'x'.repeat(10_000),
  ])('begins anew where it is told %j', (traceparent) => {
    const context = traceContext(traceparent)
    expect(context).toMatchObject({ parentId: null, sampled: true })
    expect(context.traceId).toMatch(/^[\da-f]{32}$/)
    expect(context.traceId).not.toBe(traceId)
    expect(traceContext(traceparent).traceId).not.toBe(context.traceId)
  })
})
