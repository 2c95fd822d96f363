import { describe, expect, it } from 'vitest'
import { type Answers, type Channel, createChannel } from './channel.ts'

/** Both ends in one process; timers run when told. */
function openPair(answers: Answers): { asking: Channel; cut: () => void; late: () => void } {
  const timers = new Set<() => void>()
  const after = (_: number, work: () => void) => {
    timers.add(work)
    return () => timers.delete(work)
  }
  const listeners: ((message: unknown) => void)[] = []
  let isCut = false
  const end = (own: number, answered: Answers) =>
    createChannel({
      send: (message, onFault) => {
        if (isCut) onFault(new Error('cut'))
        else queueMicrotask(() => listeners[1 - own]?.(JSON.parse(JSON.stringify(message))))
      },
      listen: (listener) => (listeners[own] = listener),
      answers: answered,
      after,
    })
  const asking = end(0, {})
  end(1, answers)
  return {
    asking,
    cut: () => (isCut = true),
    late: () => {
      for (const work of timers) work()
    },
  }
}

describe('a channel', () => {
  it('answers each question by itself, in whatever order', async () => {
    const waits: (() => void)[] = []
    const { asking } = openPair({
      slow: async (value) => {
        await new Promise<void>((resolve) => waits.push(resolve))
        return value
      },
      fast: (value) => value,
    })
    const slow = asking.ask('slow', 'one')
    expect(await asking.ask('fast', { two: 2 })).toEqual({ two: 2 })
    for (const resolve of waits) resolve()
    expect(await slow).toBe('one')
  })

  it('rejects what fails at the other end, and what that has no answer to', async () => {
    const { asking } = openPair({
      faulty: () => {
        throw new Error('not today')
      },
    })
    await expect(asking.ask('faulty')).rejects.toThrow('not today')
    await expect(asking.ask('nothing')).rejects.toThrow('nothing is known of nothing')
  })

  it('rejects what is not answered in time, cannot be sent, or is asked of who is gone', async () => {
    const { asking, cut, late } = openPair({ never: () => new Promise(() => undefined) })
    const waiting = asking.ask('never', null, 50)
    late()
    await expect(waiting).rejects.toThrow('no answer in 50 ms: never')
    const left = asking.ask('never')
    asking.close()
    await expect(left).rejects.toThrow('gone')
    await expect(asking.ask('never')).rejects.toThrow('gone')
    const other = openPair({ never: () => 1 })
    other.cut()
    cut()
    await expect(other.asking.ask('never')).rejects.toThrow('cut')
  })
})
