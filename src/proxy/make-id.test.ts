import { expect, it } from 'vitest'
import { createMakeId } from './make-id.ts'

it('makes ids of 32 hexadecimal digits, none of them twice', () => {
  const makeId = createMakeId()
  const ids = Array.from({ length: 1000 }, makeId)
  expect(ids.every((id) => /^[\da-f]{32}$/.test(id))).toBe(true)
  expect(new Set(ids).size).toBe(1000)
  expect(ids).not.toContain(createMakeId()())
})
