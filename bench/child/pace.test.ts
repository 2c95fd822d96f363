import { describe, expect, it } from 'vitest'
import { createPace } from './pace.ts'

function createScene() {
  let time = 1000.4
  const pace = createPace(() => time)
  const calls: string[] = []
  return {
    calls,
    join: (everyMs: number, name: string) =>
      pace.join(everyMs, () => calls.push(`${name} at ${Math.floor(time)}`)),
    pass: (ms: number) => {
      for (let passed = 0; passed < ms; passed++) {
        time += 1
        pace.turn()
      }
    },
    jump: (ms: number) => {
      time += ms
      pace.turn()
    },
  }
}

describe('what happens regularly', () => {
  it('is called once in its time, each member at a ms of its own', () => {
    const { join, pass, calls } = createScene()
    for (const name of ['a', 'b', 'c']) join(3, name)
    pass(6)
    expect(calls).toEqual(['c at 1001', 'a at 1002', 'b at 1003', 'c at 1004', 'a at 1005', 'b at 1006'])
  })

  it('is made up for where the loop was late', () => {
    const { join, jump, calls } = createScene()
    join(10, 'a')
    jump(35)
    expect(calls).toHaveLength(3)
  })

  it('ends when it is told to', () => {
    const { join, pass, calls } = createScene()
    const leave = join(2, 'a')
    pass(2)
    leave()
    pass(10)
    expect(calls).toHaveLength(1)
  })

  it('of different times stands side by side', () => {
    const { join, pass, calls } = createScene()
    join(5, 'slow')
    join(1, 'fast')
    pass(10)
    expect(calls.filter((call) => call.startsWith('slow'))).toHaveLength(2)
    expect(calls.filter((call) => call.startsWith('fast'))).toHaveLength(10)
  })
})
