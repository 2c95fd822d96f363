import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createMemo } from './memo.ts'

it('answers what was made for the same keys, and nothing made for others', () => {
  const key = fc.constantFrom('a', 'b', 'ab', '', null, 1)
  fc.assert(
    fc.property(fc.array(fc.tuple(key, key, key), { maxLength: 60 }), (asked) => {
      const memo = createMemo<string>(1000)
      let made = 0
      for (const keys of asked) {
        const text = memo.of(keys, () => `${JSON.stringify(keys)} ${made++}`)
        expect(text.startsWith(JSON.stringify(keys))).toBe(true)
      }
      expect(made).toBe(new Set(asked.map((keys) => JSON.stringify(keys))).size)
    }),
  )
})

it('holds a bounded number, and starts anew beyond it and when it is cleared', () => {
  const memo = createMemo<object>(3)
  const of = (key: number) => memo.of(['x', key], () => ({ key }))
  const [first, third] = [of(1), (of(2), of(3))]
  expect([of(1), of(3)]).toEqual([first, third])
  expect(of(1)).toBe(first)
  of(4)
  expect(of(1)).not.toBe(first)
  const kept = of(4)
  expect(of(4)).toBe(kept)
  memo.clear()
  expect(of(4)).not.toBe(kept)
})
