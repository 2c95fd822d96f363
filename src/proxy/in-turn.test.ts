import { describe, expect, it } from 'vitest'
import { createInTurn } from './in-turn.ts'

describe('createInTurn', () => {
  it('runs at once what finishes at once', () => {
    const done: number[] = []
    const inTurn = createInTurn(() => {})
    inTurn(() => void done.push(1))
    inTurn(() => void done.push(2))
    expect(done).toEqual([1, 2])
  })

  it('keeps the order behind what is pending, and is at once again afterwards', async () => {
    const done: string[] = []
    const inTurn = createInTurn(() => {})
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    inTurn(async () => {
      await gates[0]?.promise
      done.push('slow')
    })
    inTurn(() => void done.push('behind'))
    const last = new Promise<void>((resolve) => {
      inTurn(async () => {
        await gates[1]?.promise
        done.push('last')
        resolve()
      })
    })
    gates[1]?.resolve()
    expect(done).toEqual([])
    gates[0]?.resolve()
    await last
    await new Promise((resolve) => setImmediate(resolve))
    inTurn(() => void done.push('at once'))
    expect(done).toEqual(['slow', 'behind', 'last', 'at once'])
  })

  it('tells of failures, of either kind, and goes on', async () => {
    const failures: unknown[] = []
    const inTurn = createInTurn((error) => failures.push(error))
    inTurn(() => {
      throw new Error('at once')
    })
    inTurn(() => Promise.reject(new Error('later')))
    await new Promise<void>((resolve) => inTurn(() => resolve()))
    expect(failures).toEqual([new Error('at once'), new Error('later')])
  })
})
