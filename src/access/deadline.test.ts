import { describe, expect, it } from 'vitest'
import { withDeadline } from './deadline.ts'

describe('withDeadline', () => {
  it('hands on what comes in time', async () => {
    expect(await withDeadline(10_000, async () => 'done')).toBe('done')
    await expect(withDeadline(10_000, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  })

  it('gives up work that takes no notice, and tells work that does', async () => {
    await expect(withDeadline(5, () => new Promise(() => {}))).rejects.toThrow('no answer within 5 ms')
    let reason: unknown
    const work = (signal: AbortSignal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason
          reject(new Error('stopped'))
        })
      })
    await expect(withDeadline(5, work)).rejects.toThrow('no answer within 5 ms')
    expect(reason).toBeInstanceOf(Error)
  })
})
