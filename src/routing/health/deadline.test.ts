import { describe, expect, it } from 'vitest'
import { failureOf } from '../../upstream/testing/exchanges.ts'
import { createManualTimers } from '../shared/testing/manual-timers.ts'
import { withDeadline } from './deadline.ts'

const never = new AbortController().signal
const nothing = async () => {}

describe('a deadline', () => {
  it('gives up what does not listen', async () => {
    const timers = createManualTimers()
    const work = withDeadline(
      { ms: 5_000, signal: never, schedule: timers.schedule },
      () => new Promise(() => {}),
    )
    const [failure] = await Promise.all([failureOf(work), timers.advance(5_000, nothing)])
    expect(failure).toMatchObject({
      code: 'upstream_timeout',
      reason: 'timeout',
      message: 'The upstream gave no whole answer within 5 s.',
    })
  })

  it('tells what listens, whose late failure is nobody’s', async () => {
    const timers = createManualTimers()
    const work = withDeadline(
      { ms: 5_000, signal: never, schedule: timers.schedule },
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => setImmediate(() => reject(new Error('late'))))
        }),
    )
    const [failure] = await Promise.all([failureOf(work), timers.advance(5_000, nothing)])
    expect(failure).toMatchObject({ reason: 'timeout' })
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('leaves nothing behind where the work ends before it', async () => {
    const timers = createManualTimers()
    let signal: AbortSignal | null = null
    const result = await withDeadline(
      { ms: 5_000, signal: never, schedule: timers.schedule },
      async (given) => {
        signal = given
        return 7
      },
    )
    await timers.advance(10_000, nothing)
    expect(result).toBe(7)
    expect((signal as AbortSignal | null)?.aborted).toBe(false)
  })

  it('ends with the caller’s own reason', async () => {
    const timers = createManualTimers()
    const leave = new AbortController()
    const work = withDeadline(
      { ms: 5_000, signal: leave.signal, schedule: timers.schedule },
      () => new Promise(() => {}),
    )
    leave.abort(new Error('gone'))
    await expect(work).rejects.toThrow('gone')
    const late = withDeadline({ ms: 5_000, signal: leave.signal, schedule: timers.schedule }, async () => 7)
    await expect(late).rejects.toThrow('gone')
  })
})
