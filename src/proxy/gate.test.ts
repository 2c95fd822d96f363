import { describe, expect, it } from 'vitest'
import { createGate } from './gate.ts'

describe('createGate', () => {
  it('bounds what is inside, and counts each leaving once', () => {
    const gate = createGate({ maxInflight: 2 })
    const leave = gate.enter()
    gate.enter()
    expect(() => gate.enter()).toThrow(expect.objectContaining({ code: 'overloaded', retryAfterMs: 1000 }))
    leave()
    leave()
    expect(gate.inflight).toBe(1)
    gate.enter()
    expect(gate.inflight).toBe(2)
  })

  it('lets nobody in once closed, and tells when all have left', async () => {
    const gate = createGate({ maxInflight: 10 })
    const leave = gate.enter()
    gate.close(5000)
    expect(() => gate.enter()).toThrow(expect.objectContaining({ code: 'shutting_down', retryAfterMs: 5000 }))
    expect(await gate.empty(1)).toBe(false)
    const emptied = gate.empty(60_000)
    leave()
    expect(await emptied).toBe(true)
    expect(await gate.empty(0)).toBe(true)
  })
})
