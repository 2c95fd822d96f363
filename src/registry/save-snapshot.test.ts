import { createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSaver } from './save-snapshot.ts'
import { emptyState } from './stored/state.ts'
import { createManualTime, settle } from './testing/clocks.ts'

function scene() {
  const time = createManualTime()
  const writes: number[] = []
  const faults: unknown[] = []
  let work: () => Promise<void> = () => Promise.resolve()
  let known = 1
  const saver = createSaver({
    file: {
      read: () => Promise.resolve(null),
      async write({ savedAt }) {
        writes.push(savedAt)
        await work()
      },
    },
    saved: () => ({
      state: emptyState,
      root: createSecretKey(Buffer.alloc(32)),
      declaration: null,
      savedAt: known,
    }),
    ...time,
    onFault: (error) => faults.push(error),
  })
  return {
    time,
    saver,
    writes,
    faults,
    change: (next: number) => {
      known = next
      saver.changed()
    },
    working: (next: () => Promise<void>) => {
      work = next
    },
  }
}

describe('the saver', () => {
  it('writes the last of many changes, some seconds after the first', async () => {
    const { time, change, writes } = scene()
    for (let next = 1; next <= 4; next += 1) {
      change(next)
      time.pass(1_000)
    }
    await settle()
    expect(writes).toEqual([])
    time.pass(1_000)
    await settle()
    expect(writes).toEqual([4])
    time.pass(100_000)
    await settle()
    expect([writes, time.pending()]).toEqual([[4], 0])
  })

  it('writes once at a time, and takes its time where writing does', async () => {
    const { time, change, writes, working } = scene()
    let finish: () => void = () => undefined
    working(() => new Promise((resolve) => (finish = resolve)))
    change(1)
    time.pass(5_000)
    await settle()
    change(2)
    time.pass(1_000)
    expect(writes).toEqual([1])
    finish()
    await settle()
    time.pass(19_999)
    expect(writes).toEqual([1])
    time.pass(1)
    expect(writes).toEqual([1, 2])
  })

  it('tries again, less and less often, where writing fails', async () => {
    const { time, change, writes, faults, working } = scene()
    working(() => Promise.reject(new Error('the disk is full')))
    change(1)
    for (const ms of [5_000, 10_000, 20_000]) {
      time.pass(ms)
      await settle()
    }
    expect([writes.length, faults.length]).toEqual([3, 3])
    working(() => Promise.resolve())
    time.pass(40_000)
    await settle()
    expect([writes.length, time.pending()]).toEqual([4, 0])
  })

  it('saves what is yet to be saved when it stops, and waits no longer than it must', async () => {
    const { saver, time, change, writes } = scene()
    change(1)
    await saver.stop()
    expect(writes).toEqual([1])
    change(2)
    time.pass(60_000)
    expect(writes).toEqual([1])
    const slow = scene()
    slow.working(() => new Promise(() => undefined))
    slow.change(1)
    const stopped = slow.saver.stop()
    await settle()
    slow.time.pass(5_000)
    await expect(stopped).resolves.toBeUndefined()
  })
})
